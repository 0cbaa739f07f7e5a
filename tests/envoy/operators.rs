//! What operators see: counters, the log, the configuration dump, and a refusal to start.

use baton_tests::{
    CREDENTIAL, SECRET,
    envoy::{Envoy, Hold},
    upstream::Upstream,
};

use crate::{BODY, Stage, forged, replace, signed};

#[tokio::test]
async fn invariant_10_neither_the_log_nor_the_configuration_dump_shows_a_secret_or_a_message() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        stage.envoy.log_everything().await;
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200);
        assert_eq!(stage.send(&forged(), BODY).await.status, 401);
        let log = stage.envoy.log_with("signature_mismatch").await;
        let dump = stage.envoy.configuration_dump().await;
        assert!(dump.contains("GENESYS_WEBHOOK_SECRET"), "the dump is one");
        for secret in [SECRET, CREDENTIAL, "hello", &signed(BODY)[0].1] {
            assert!(!log.contains(secret), "the log shows {secret}");
            assert!(!dump.contains(secret), "the dump shows {secret}");
        }
    }
}

#[tokio::test]
async fn the_counters_tell_what_was_accepted_and_refused() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let unknown = br#"{"id":"m2","type":"Unknown"}"#;
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200);
        assert_eq!(stage.send(&signed(unknown), unknown).await.status, 200);
        assert_eq!(stage.send(&forged(), BODY).await.status, 401);
        assert_eq!(stage.send(&[], BODY).await.status, 401);
        for (name, value) in [
            ("accepted", 2),
            ("bytes", BODY.len() + unknown.len()),
            ("unhandled", 1),
            ("refused.signature_mismatch", 1),
            ("refused.signature_missing", 1),
            ("refused.not_json", 0),
        ] {
            assert_eq!(stage.envoy.counter(name).await, value as u64, "{hold:?}: {name}");
        }
    }
}

#[tokio::test]
async fn a_wrong_configuration_lets_nothing_through() {
    for hold in Hold::BOTH {
        let upstream = Upstream::start().await;
        let broken = |yaml: String| {
            replace(
                &yaml,
                "\"account_id\":\"acme\",\"project_id\":\"support\",\"client_env\":\"live\"",
                "\"acount_id\":\"acme\"",
            )
        };
        let said = Envoy::refuses_to_start(hold, upstream.address, broken).await;
        assert!(said.contains("tenants[0].acount_id: there is no such member"), "{hold:?}: {said}");
    }
}
