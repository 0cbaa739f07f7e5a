//! A flawed sidecar, and a test of what survives a kill.

use baton_tests::flaw::Flawed;

const KILLED: &str =
    "invariant_3_what_a_killed_process_did_not_sync_is_synced_before_its_repetition_is_answered";

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "what a process does is recorded on Linux only")]
fn answering_before_storing_is_noticed() {
    let sidecar = Flawed::sidecar(env!("CARGO_BIN_EXE_flawed-sidecar"));
    sidecar.passes(KILLED);
    sidecar.with("answer-before-storing").is_noticed_by(KILLED, "it dies before it answers");
}
