//! The filter with a flaw in its verification, and the corpus.

use baton_tests::flaw::Flawed;

const CORPUS: &str = "invariant_1_envoy_holding_by_pause_judges_every_case_as_the_corpus_says";

#[test]
fn without_a_flaw_the_filter_made_for_them_is_right() {
    Flawed::filter().passes(CORPUS);
}

#[test]
fn verifying_after_parsing_is_noticed() {
    let flawed = Flawed::filter().with("verify-after-parsing");
    flawed.is_noticed_by(CORPUS, "refuse-empty-body-forged");
}

#[test]
fn verifying_the_body_as_it_is_written_anew_is_noticed() {
    let flawed = Flawed::filter().with("verify-reserialised");
    flawed.is_noticed_by(CORPUS, "any-json-blanks-around");
}

#[test]
fn trying_the_first_secret_only_is_noticed() {
    let flawed = Flawed::filter().with("first-secret-only");
    flawed.is_noticed_by(CORPUS, "signed-with-the-previous-secret");
}
