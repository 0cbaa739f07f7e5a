//! A back-up that is taken while the sidecar runs, and what chats experience after it is restored.

use std::{fs, sync::Arc};

use baton_sidecar::{Limits, Store, restore_store};
use reqwest::{Response, StatusCode};

use crate::harness::{
    ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, Running, message, ok, store_path, text_of,
};

impl Running {
    async fn back_up_as(&self, credential: &str) -> Response {
        let url = format!("http://{}/internal/v1/store/backup", self.internal);
        reqwest::Client::new().post(url).bearer_auth(credential).send().await.unwrap()
    }
}

#[tokio::test]
async fn only_an_operator_takes_a_backup_and_it_is_a_whole_store() {
    let sidecar = Running::start().await;
    for credential in ["wrong", DELIVERY_CREDENTIAL] {
        assert_eq!(sidecar.back_up_as(credential).await.status(), StatusCode::UNAUTHORIZED);
    }
    sidecar.session().await;
    let answer = sidecar.back_up_as(ADMIN_CREDENTIAL).await;
    assert_eq!(answer.headers()["content-type"], "application/vnd.sqlite3");
    let length: u64 = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, length);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, bytes).unwrap();
    assert_eq!(Store::check_file(file.path()).unwrap().live_sessions, 1);
}

#[tokio::test]
async fn invariant_5_after_a_restore_no_client_is_given_a_number_that_it_has_seen() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let backup = sidecar.back_up_as(ADMIN_CREDENTIAL).await.bytes().await.unwrap();
    sidecar.say(&chat, "after the back-up").await;
    assert_eq!(socket.frame().await["sequence"], 2);
    let old = sidecar.stop().await;

    let directory = Arc::new(tempfile::tempdir().unwrap());
    fs::write(old.path().join("backup"), backup).unwrap();
    restore_store(&old.path().join("backup"), &store_path(&directory)).unwrap();
    let sidecar = Running::start_in(directory, Limits::default()).await;
    let query =
        format!("?access_token={}&session_id={}&cursor=2", chat.access_token, chat.session_id);
    let Err((status, _)) = sidecar.upgrade(&query).await else { panic!("the session goes on") };
    assert_eq!(status, 401, "the published clients begin a new session then");
    let shown = ok(sidecar.admin(&chat.session_id, ADMIN_CREDENTIAL).await).await;
    assert_eq!(shown["ended"], true);
    // What Genesys repeats, or an agent still writes, reaches nobody.
    assert_eq!(sidecar.deliver(&message(&chat.end_user_id, "after the back-up")).await, "stored");

    let anew = sidecar.session().await;
    let mut socket = sidecar.live_socket(&anew).await;
    sidecar.say(&anew, "Hi!").await;
    assert_eq!(text_of(&socket.frame().await), "Hi!");
}
