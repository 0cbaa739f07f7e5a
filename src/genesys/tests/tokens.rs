//! How the client comes by its token, and what it does when that is refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use baton_genesys::{CallError, Genesys, Pace, TokenError, TokenState};
use futures_util::future::join_all;

use crate::scripted::{CLIENT_SECRET, Reply, Scripted, token};

const REFUSED: &str = include_str!("samples/error-401-bad-credentials.json");
const UNKNOWN_CLIENT: &str = include_str!("samples/oauth-token-error.response.json");

async fn read_many(genesys: &Genesys, count: usize) -> Vec<Result<(), CallError>> {
    let calls = (0..count)
        .map(|number| async move { genesys.message("c", &number.to_string()).await.map(drop) });
    join_all(calls).await
}

fn message() -> Reply {
    Reply::new(200, r#"{"normalizedMessage": {}}"#)
}

/// How long Genesys is not asked for a token from now on.
fn pause(genesys: &Genesys) -> Duration {
    match genesys.token_state() {
        TokenState::Failing { again_in, .. } => again_in,
        TokenState::None | TokenState::Held { .. } => Duration::ZERO,
    }
}

/// Returns when Genesys may be asked for a token again.
async fn pause_is_over(genesys: &Genesys) {
    while !pause(genesys).is_zero() {
        tokio::time::sleep(pause(genesys)).await;
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_however_many_wait_and_with_the_credentials_in_a_header() {
    let scripted = Scripted::start(|asked, before| match asked.is_for_token() {
        true => token(before + 1).after(Duration::from_millis(50)),
        false => message(),
    })
    .await;
    let genesys = scripted.genesys();
    assert_eq!(genesys.token_state(), TokenState::None);
    assert!(read_many(&genesys, 50).await.iter().all(Result::is_ok));
    let requests = scripted.token_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].body, b"grant_type=client_credentials");
    assert_eq!(requests[0].content_type, "application/x-www-form-urlencoded");
    // printf %s the-client:the-secret-of-the-client | base64
    let basic = "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0LW9mLXRoZS1jbGllbnQ=";
    assert_eq!(requests[0].authorization, basic);
    assert!(matches!(genesys.token_state(), TokenState::Held { .. }));
}

#[tokio::test]
async fn fifty_refusals_of_a_token_renew_it_once_and_every_call_is_repeated() {
    let scripted = Scripted::with_tokens(|asked, _| match asked.authorization.as_str() {
        "Bearer token-1" => Reply::new(401, REFUSED).after(Duration::from_millis(50)),
        _ => message(),
    })
    .await;
    // A token is only renewed at once if it was not issued just now.
    let pace = Pace { token_retry: Duration::from_millis(1), ..Pace::default() };
    let genesys = scripted.genesys_at(pace);
    assert!(read_many(&genesys, 50).await.iter().all(Result::is_ok));
    assert_eq!(scripted.token_requests().len(), 2);
    assert_eq!(scripted.calls().len(), 100);
}

#[tokio::test]
async fn a_call_that_is_refused_twice_is_not_made_a_third_time() {
    let scripted =
        Scripted::with_tokens(|_, _| Reply::new(401, REFUSED).after(Duration::from_millis(20)))
            .await;
    let pace = Pace { token_retry: Duration::from_millis(1), ..Pace::default() };
    let error = scripted.genesys_at(pace).message("c", "m").await.unwrap_err();
    assert!(matches!(&error, CallError::Genesys(error) if error.status == 401));
    assert!(!error.is_final());
    assert_eq!(scripted.calls().len(), 2);
    assert_eq!(scripted.token_requests().len(), 2);
}

#[tokio::test]
async fn wrong_credentials_are_told_to_all_with_one_request_and_no_secret() {
    let scripted = Scripted::start(|_, _| {
        Reply::new(401, UNKNOWN_CLIENT).with("inin-correlation-id", "5f2c8d31")
    })
    .await;
    let genesys = scripted.genesys();
    for outcome in read_many(&genesys, 20).await.into_iter().chain(read_many(&genesys, 20).await) {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, CallError::Token(TokenError::WrongCredentials { .. })));
        let text = format!("{error} {error:?} {genesys:?}");
        let refusal = "refuses the OAuth client the-client (invalid_client) (context id 5f2c8d31);";
        assert!(text.contains(refusal), "{text}");
        assert!(!text.contains(CLIENT_SECRET), "{text}");
    }
    assert_eq!(scripted.token_requests().len(), 1);
    assert_eq!(scripted.calls().len(), 0);
    assert!(matches!(genesys.token_state(), TokenState::Failing { .. }));
}

#[tokio::test]
async fn a_login_host_that_is_down_is_asked_again() {
    let scripted = Scripted::start(|asked, before| match (asked.is_for_token(), before) {
        (true, 0) => Reply::new(503, ""),
        (true, 1) => Reply::new(200, "<html>Down</html>"),
        (true, _) => token(1),
        (false, _) => message(),
    })
    .await;
    let retry = Duration::from_millis(1);
    let pace = Pace { token_retry: retry, token_retry_cap: retry, ..Pace::default() };
    let genesys = scripted.genesys_at(pace);
    let error = genesys.message("c", "m").await.unwrap_err();
    assert!(matches!(error, CallError::Token(TokenError::Refused { status: 503, .. })), "{error}");
    pause_is_over(&genesys).await;
    let error = genesys.message("c", "m").await.unwrap_err();
    assert!(matches!(error, CallError::Token(TokenError::Unreadable { .. })), "{error}");
    pause_is_over(&genesys).await;
    genesys.message("c", "m").await.unwrap();
}

#[tokio::test]
async fn the_request_goes_on_if_the_one_who_asked_is_gone() {
    let scripted = Scripted::start(|asked, before| match asked.is_for_token() {
        true => token(before + 1).after(Duration::from_millis(50)),
        false => message(),
    })
    .await;
    let genesys = scripted.genesys();
    let impatient = tokio::time::timeout(Duration::from_millis(10), genesys.message("c", "m"));
    assert!(impatient.await.is_err());
    genesys.message("c", "m").await.unwrap();
    assert_eq!(scripted.token_requests().len(), 1);
}

#[tokio::test]
async fn a_token_is_lent_apart_from_our_own_and_the_same_to_all_borrowers() {
    let scripted = Scripted::with_tokens(|_, _| message()).await;
    let genesys = scripted.genesys();
    genesys.message("c", "m").await.unwrap();
    for _ in 0..3 {
        let lent = genesys.lend_token().await.unwrap();
        assert_eq!(lent.access_token.expose(), "token-2");
        assert!(lent.expires_in > Duration::from_hours(23));
        assert!(!format!("{lent:?}").contains("token-2"));
    }
    genesys.message("c", "m").await.unwrap();
    assert!(scripted.calls().iter().all(|call| call.authorization == "Bearer token-1"));
}

#[tokio::test]
async fn a_lent_token_is_not_lent_any_more_once_genesys_refuses_our_own() {
    let scripted = Scripted::with_tokens(|_, before| match before {
        1 => Reply::new(401, REFUSED),
        _ => message(),
    })
    .await;
    let genesys = scripted.genesys_at(Pace { token_retry: Duration::ZERO, ..Pace::default() });
    genesys.message("c", "m").await.unwrap();
    assert_eq!(genesys.lend_token().await.unwrap().access_token.expose(), "token-2");
    // An administrator revokes what the OAuth client has.
    genesys.message("c", "m").await.unwrap();
    assert_eq!(scripted.calls().last().unwrap().authorization, "Bearer token-3");
    assert_eq!(genesys.lend_token().await.unwrap().access_token.expose(), "token-4");
}

#[tokio::test]
async fn tokens_that_are_all_refused_are_asked_for_less_and_less_often_until_one_is_accepted() {
    let refuses = Arc::new(AtomicBool::new(true));
    let refusing = Arc::clone(&refuses);
    let scripted = Scripted::with_tokens(move |_, _| match refusing.load(Ordering::SeqCst) {
        true => Reply::new(401, REFUSED),
        false => message(),
    })
    .await;
    let token_retry = Duration::from_millis(50);
    let genesys = scripted.genesys_at(Pace { token_retry, ..Pace::default() });
    for _ in 0..4 {
        pause_is_over(&genesys).await;
        genesys.message("c", "m").await.unwrap_err();
    }
    assert!(pause(&genesys) > token_retry, "{:?}", pause(&genesys));
    pause_is_over(&genesys).await;
    refuses.store(false, Ordering::SeqCst);
    genesys.message("c", "m").await.unwrap();
    refuses.store(true, Ordering::SeqCst);
    genesys.message("c", "m").await.unwrap_err();
    // One that was accepted may have been revoked: it is replaced as soon as the first was.
    assert!(pause(&genesys) <= token_retry, "{:?}", pause(&genesys));
}

#[tokio::test]
async fn an_answer_too_long_for_a_token_is_none() {
    let long = "x".repeat(64 << 10) + "x";
    let scripted = Scripted::start(move |_, _| Reply::new(200, &long)).await;
    let error = scripted.genesys().message("c", "m").await.unwrap_err();
    assert!(matches!(error, CallError::Token(TokenError::TooLong { .. })), "{error}");
    assert!(error.to_string().contains("answered with more than 65536 bytes"), "{error}");
}
