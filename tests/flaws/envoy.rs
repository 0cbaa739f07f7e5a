//! The filter with a flaw in what it does in Envoy, and the tests of that.

use std::fs;

use baton_tests::{
    envoy,
    flaw::{self, Flawed},
};

const TRAILERS: [&str; 2] = [
    "callers::invariant_1_trailers_of_http_2_do_not_let_a_forged_body_through",
    "callers::invariant_1_chunked_trailers_do_not_let_a_forged_body_through",
];
const LOG: &str = "operators::invariant_10_neither_the_log_nor_the_configuration_dump_shows_a_secret_or_a_message";

#[test]
fn without_a_flaw_the_filter_made_for_them_is_right() {
    [&TRAILERS[..], &[LOG]].concat().into_iter().for_each(|test| Flawed::filter().passes(test));
}

#[test]
fn trailers_that_end_nothing_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = folder.path().join("module.wasm");
    fs::write(&module, deaf_to_trailers(&fs::read(flaw::module()).expect("the filter")))
        .expect("a module");
    for test in TRAILERS {
        Flawed::filter_of(module.clone()).is_noticed_by(test, "left: 200\n right: 401");
    }
}

/// The module whose callback for trailers has a name by which nobody calls it.
fn deaf_to_trailers(module: &[u8]) -> Vec<u8> {
    let (name, other) = (b"proxy_on_request_trailers", b"proxy_on_request_nothings");
    let places: Vec<_> =
        module.windows(name.len()).enumerate().filter(|(_, bytes)| bytes == name).collect();
    let [(place, _)] = places[..] else { panic!("the module exports it once") };
    [&module[..place], other, &module[place + name.len()..]].concat()
}

#[test]
fn a_filter_that_logs_the_body_is_noticed() {
    Flawed::filter().with("log-body").is_noticed_by(LOG, "the log shows hello");
}

#[test]
fn the_filter_that_is_shipped_knows_of_no_flaw() {
    let knows = |path| {
        let module = fs::read(path).expect("a module");
        module.windows(flaw::VARIABLE.len()).any(|bytes| bytes == flaw::VARIABLE.as_bytes())
    };
    assert!(knows(flaw::module()));
    assert!(!knows(envoy::module()));
}
