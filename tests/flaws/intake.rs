//! A flawed sidecar, and the tests of its intake.

use baton_tests::flaw::Flawed;

const REPEATED: &str = "invariant_4_a_delivery_that_is_repeated_is_in_the_log_once";
const AT_ONCE: &str = "invariant_4_a_delivery_that_comes_20_times_at_once_is_in_the_log_once";
const TALKATIVE: &str =
    "invariant_10_a_process_says_nothing_of_what_is_delivered_however_talkative_it_is";

fn sidecar() -> Flawed {
    Flawed::sidecar(env!("CARGO_BIN_EXE_flawed-sidecar"))
}

#[test]
fn without_a_flaw_the_sidecar_made_for_them_is_right() {
    [REPEATED, AT_ONCE, TALKATIVE].into_iter().for_each(|test| sidecar().passes(test));
}

#[test]
fn storing_without_the_check_for_duplicates_is_noticed() {
    sidecar().with("store-without-check").is_noticed_by(REPEATED, "each once");
}

#[test]
fn checking_and_then_inserting_is_noticed_when_the_same_comes_at_once() {
    let flawed = sidecar().with("check-then-insert");
    flawed.passes(REPEATED);
    flawed.is_noticed_by(AT_ONCE, "each once");
}

#[test]
fn acting_before_the_check_for_duplicates_is_noticed() {
    sidecar().with("act-before-check").is_noticed_by(REPEATED, "each once");
}

#[test]
fn a_sidecar_that_logs_the_body_is_noticed() {
    sidecar().with("log-body").is_noticed_by(TALKATIVE, "the log shows it");
}
