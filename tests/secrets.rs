//! Everything that a handoff needs, started with secrets that can be recognised: through what goes
//! well and what goes wrong, none of them and no word of a chat stands where it does not belong.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "secrets/evidence.rs"]
mod evidence;
#[path = "secrets/hostile.rs"]
mod hostile;
#[path = "secrets/ill.rs"]
mod ill;
#[path = "secrets/log.rs"]
mod log;
#[path = "secrets/marked.rs"]
mod marked;
#[path = "secrets/misuse.rs"]
mod misuse;
#[path = "secrets/stage.rs"]
mod stage;
#[path = "secrets/well.rs"]
mod well;
#[path = "secrets/words.rs"]
mod words;

use baton_tests::{CREDENTIAL, WEBHOOK_PATH, envoy::Envoy, http1, port::Port};

use crate::{evidence::Evidence, log::Log, marked::Marked, stage::Stage};

/// The loggers of Envoy that show headers at `debug`, as its configuration's guide says.
const SHOW_HEADERS: [&str; 2] = ["http", "router"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_10_no_secret_and_no_word_stands_where_it_does_not_belong() {
    let log = Log::keep();
    let mut stage = Stage::set().await;
    stage.envoy.log_at_debug_but_for(&SHOW_HEADERS).await;
    let mut marked = stage::marked();
    marked.push(well::a_whole_chat(&stage).await);
    marked.push(well::a_chat_of_an_application(&stage).await);
    well::events_of_all_sources(&stage).await;
    marked.push(well::a_borrowed_token(&stage).await);
    let ((), made) = tokio::join!(ill::a_bot_that_fails(&stage), async {
        ill::forgers(&stage).await;
        ill::wrong_credentials(&stage).await;
        ill::malformed(&stage).await;
        ill::a_genesys_that_echoes(&stage).await;
        ill::a_client_that_genesys_refuses(&stage).await;
        misuse::wrong_configurations(&stage).await;
        misuse::set_up(&stage).await
    });
    marked.extend([ill::wrong(), made, well::rotations(&stage).await]);
    marked.extend(misuse::marked());
    well::looks(&stage).await;
    well::looks_at_envoy(&stage).await;
    stage.take_up_files("of a sidecar that runs");
    stage.stop().await;
    misuse::of_a_stopped_sidecar(&stage).await;
    stage.take_up_files("of a sidecar that has stopped");
    stage.take_up_the_log();
    stage.evidence.add("what the collector of traces was sent", stage.collector.bodies());
    stage.evidence.add("the log of the simulator", log.bytes());

    let leaks = stage.evidence.leaks(&marked);
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
    let kept = stage.evidence.kept_words(&marked);
    for (what, place) in
        [("what the agent wrote", "the store"), ("what Genesys refuses", "dead letters")]
    {
        let is_it = |line: &String| line.starts_with(what) && line.contains(place);
        assert!(kept.iter().any(is_it), "the search goes through {place}: {kept:#?}");
    }
}

#[test]
fn a_secret_that_leaks_is_found_in_each_form_and_named() {
    let secret = Marked::secret("the key", "Ab9-a-secret/with+all of it?");
    let forms = secret.forms();
    assert!(forms.len() >= 10, "{forms:?}");
    for (form, bytes) in forms {
        let evidence = Evidence::default();
        evidence.add("a clean log", "nothing to see");
        evidence.add("a log", [&b"\xff line one\n "[..], &bytes, b" line two"].concat());
        let leaks = evidence.leaks(std::slice::from_ref(&secret));
        let is_named = |line: &String| line.starts_with("the key, ") && line.contains("in a log: ");
        assert!(!leaks.is_empty() && leaks.iter().all(is_named), "{form}: {leaks:?}");
    }
}

#[tokio::test]
async fn what_envoy_itself_logs_of_headers_at_debug_is_found() {
    let ports = [Port::reserve(), Port::reserve()].map(|port| port.address());
    let envoy = Envoy::start_in_front_of(ports[0], ports[1], &stage::listed()).await;
    envoy.log_at_debug_but_for(&[]).await;
    let request = http1::request("POST", WEBHOOK_PATH, &[("x-a".into(), CREDENTIAL.into())], b"{}");
    http1::exchange(envoy.address, &request).await;
    let evidence = Evidence::default();
    evidence.add("Envoy's log", envoy.log_with(CREDENTIAL).await);
    let leaks = evidence.leaks(&stage::marked());
    let named =
        |line: &String| line.starts_with("BATON_DELIVERY_CREDENTIAL, as it is, in Envoy's log");
    assert!(leaks.iter().any(named), "{leaks:?}");
}
