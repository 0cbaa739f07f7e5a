use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn ledger() -> Ledger {
    Ledger::new(Pace::default())
}

fn issued(life: Duration) -> Result<Issued, TokenError> {
    Ok(Issued { secret: Secret::new("a token".to_owned()), life })
}

fn wrong() -> TokenError {
    let (host, client_id, code) =
        ("login".to_owned(), "id".to_owned(), "invalid_client".to_owned());
    TokenError::WrongCredentials { host, client_id, code, context_id: None }
}

fn timed_out() -> TokenError {
    let (host, client_id) = ("login".to_owned(), "id".to_owned());
    TokenError::TimedOut { host, client_id, after: Duration::from_secs(15) }
}

fn not_accepted() -> TokenError {
    TokenError::NotAccepted { host: "login".to_owned(), client_id: "id".to_owned() }
}

/// A ledger with a token that was issued `now`.
fn holding(life: Duration, now: Instant, chance: f64) -> Ledger {
    let mut ledger = ledger();
    assert!(ledger.ask(now).1);
    ledger.settle(issued(life), now, chance);
    ledger
}

/// The generation that a caller gets, and whether it has to send a request.
fn ask(ledger: &mut Ledger, now: Instant) -> (Option<Result<u64, TokenError>>, bool) {
    let (outcome, request) = ledger.ask(now);
    (outcome.map(|outcome| outcome.map(|token| token.generation)), request)
}

#[test]
fn one_request_is_in_flight_however_many_wait() {
    let now = Instant::now();
    let mut ledger = ledger();
    assert_eq!(ask(&mut ledger, now), (None, true));
    for _ in 0..50 {
        assert_eq!(ask(&mut ledger, now), (None, false));
    }
    ledger.settle(issued(HOUR), now, 0.0);
    assert_eq!(ask(&mut ledger, now), (Some(Ok(1)), false));
}

#[test]
fn a_token_is_renewed_ahead_of_its_end_while_the_old_one_still_serves() {
    let now = Instant::now();
    for (chance, ahead) in [(0.0, 5 * 60), (0.5, 7 * 60 + 30), (0.999_999, 10 * 60)] {
        let mut ledger = holding(HOUR, now, chance);
        let renewal = now + HOUR - Duration::from_secs(ahead);
        assert_eq!(ask(&mut ledger, renewal - Duration::from_secs(1)), (Some(Ok(1)), false));
        let renewal = renewal + Duration::from_secs(1);
        assert_eq!(ask(&mut ledger, renewal), (Some(Ok(1)), true));
        assert_eq!(ask(&mut ledger, renewal), (Some(Ok(1)), false));
        ledger.settle(issued(HOUR), renewal, chance);
        assert_eq!(ask(&mut ledger, renewal), (Some(Ok(2)), false));
    }
}

#[test]
fn a_renewal_that_fails_leaves_the_old_token_until_it_ends() {
    let now = Instant::now();
    let mut ledger = holding(HOUR, now, 0.0);
    let late = now + HOUR - Duration::from_mins(1);
    assert_eq!(ask(&mut ledger, late), (Some(Ok(1)), true));
    ledger.settle(Err(wrong()), late, 0.0);
    assert_eq!(ask(&mut ledger, late), (Some(Ok(1)), false));
    let over = now + HOUR - Duration::from_millis(1);
    assert_eq!(ask(&mut ledger, over), (Some(Ok(1)), false));
    assert_eq!(ask(&mut ledger, now + HOUR), (None, true));
}

#[test]
fn a_token_that_lives_for_a_short_time_is_still_used() {
    let now = Instant::now();
    let mut ledger = holding(Duration::from_secs(40), now, 0.5);
    assert_eq!(ask(&mut ledger, now + Duration::from_secs(20)), (Some(Ok(1)), false));
    assert_eq!(ask(&mut ledger, now + Duration::from_secs(26)), (Some(Ok(1)), true));
    // One that is over at once is not asked for again and again.
    let mut ledger = holding(Duration::ZERO, now, 0.5);
    assert_eq!(ask(&mut ledger, now), (Some(Ok(1)), false));
}

#[test]
fn many_refusals_of_one_token_renew_it_once() {
    let now = Instant::now();
    let mut ledger = holding(HOUR, now, 0.0);
    let later = now + Duration::from_mins(10);
    ledger.refused(1, not_accepted(), later);
    assert_eq!(ask(&mut ledger, later), (None, true));
    ledger.settle(issued(HOUR), later, 0.0);
    for _ in 0..49 {
        ledger.refused(1, not_accepted(), later);
        assert_eq!(ask(&mut ledger, later), (Some(Ok(2)), false));
    }
}

#[test]
fn a_token_that_is_refused_when_it_is_fresh_is_not_renewed_at_once() {
    let now = Instant::now();
    let mut ledger = holding(HOUR, now, 0.0);
    ledger.refused(1, not_accepted(), now);
    assert_eq!(ask(&mut ledger, now), (Some(Err(not_accepted())), false));
    assert_eq!(ask(&mut ledger, now + Duration::from_secs(1)), (None, true));
}

/// How long a token is not asked for after the one that was issued `now` was refused at once.
fn pause_after_refusal(ledger: &mut Ledger, now: Instant) -> Duration {
    assert!(ledger.ask(now).1);
    ledger.settle(issued(HOUR), now, 0.0);
    assert!(ledger.refused(ledger.generation, not_accepted(), now));
    let TokenState::Failing { again_in, error } = ledger.state(now) else { panic!() };
    assert_eq!(error, not_accepted());
    again_in
}

#[test]
fn tokens_that_are_all_refused_are_asked_for_less_and_less_often() {
    let mut now = Instant::now();
    let mut ledger = ledger();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let pause = pause_after_refusal(&mut ledger, now);
        pauses.push(pause.as_secs());
        now += pause;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
}

#[test]
fn a_token_that_was_accepted_is_replaced_soon_when_it_is_refused() {
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    let mut ledger = ledger();
    pause_after_refusal(&mut ledger, now);
    pause_after_refusal(&mut ledger, later(1));
    assert!(ledger.ask(later(3)).1);
    ledger.settle(issued(HOUR), later(3), 0.0);
    // What an older token was good for says nothing of this one.
    ledger.accepted(2);
    assert_eq!(ledger.refusals, 2);
    ledger.accepted(3);
    assert!(ledger.refused(3, not_accepted(), later(4)));
    assert_eq!(ask(&mut ledger, later(4)), (None, true));
}

#[test]
fn a_token_that_is_forgotten_is_asked_for_again() {
    let now = Instant::now();
    let mut ledger = holding(HOUR, now, 0.0);
    ledger.forget();
    assert_eq!(ledger.state(now), TokenState::None);
    assert_eq!(ask(&mut ledger, now), (None, true));
    ledger.settle(issued(HOUR), now, 0.0);
    assert!(!ledger.refused(1, not_accepted(), now));
    assert_eq!(ask(&mut ledger, now), (Some(Ok(2)), false));
}

#[test]
fn wrong_credentials_are_told_to_all_and_not_tried_again_for_long() {
    let now = Instant::now();
    let mut ledger = ledger();
    ask(&mut ledger, now);
    ledger.settle(Err(wrong()), now, 0.9);
    for second in 0..60 {
        let now = now + Duration::from_secs(second);
        assert_eq!(ask(&mut ledger, now), (Some(Err(wrong())), false));
    }
    assert_eq!(ask(&mut ledger, now + Duration::from_mins(1)), (None, true));
}

#[test]
fn other_failures_are_tried_again_soon_then_less_and_less_often() {
    let mut now = Instant::now();
    let mut ledger = ledger();
    let mut pauses = Vec::new();
    for _ in 0..8 {
        assert!(ask(&mut ledger, now).1);
        ledger.settle(Err(timed_out()), now, 0.0);
        let TokenState::Failing { again_in, error } = ledger.state(now) else { panic!() };
        assert_eq!(error, timed_out());
        pauses.push(again_in.as_secs());
        now += again_in;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    assert!(ask(&mut ledger, now).1);
    ledger.settle(issued(HOUR), now, 0.0);
    ledger.refused(1, not_accepted(), now + Duration::from_mins(5));
    assert!(ask(&mut ledger, now + Duration::from_mins(5)).1);
    ledger.settle(Err(timed_out()), now, 0.0);
    assert!(matches!(
        ledger.state(now),
        TokenState::Failing { again_in, .. } if again_in == Duration::from_secs(1)
    ));
}

#[test]
fn chance_shortens_a_pause_but_not_below_what_genesys_asked_for() {
    let now = Instant::now();
    let mut ledger = ledger();
    ask(&mut ledger, now);
    ledger.settle(Err(timed_out()), now, 0.5);
    assert!(ask(&mut ledger, now + Duration::from_millis(750)).1);
    let busy = TokenError::Refused {
        host: "login".to_owned(),
        client_id: "id".to_owned(),
        status: 429,
        code: String::new(),
        context_id: None,
        retry_after: Some(Duration::from_secs(17)),
    };
    ledger.settle(Err(busy), now, 0.5);
    assert!(!ask(&mut ledger, now + Duration::from_millis(16_999)).1);
    assert!(ask(&mut ledger, now + Duration::from_secs(17)).1);
}

#[test]
fn its_state_says_how_long_a_token_is_good_for() {
    let now = Instant::now();
    assert_eq!(ledger().state(now), TokenState::None);
    let ledger = holding(HOUR, now, 0.0);
    let expires_in = HOUR - Duration::from_secs(5);
    assert_eq!(ledger.state(now + Duration::from_secs(5)), TokenState::Held { expires_in });
    assert_eq!(ledger.state(now + HOUR), TokenState::None);
}
