//! A configuration that is wrong when it is loaded again: the one before stays in force.

use super::*;
use std::fs;
use tempfile::TempDir;

/// A folder in which Envoy's listener is, in a file of its own that Envoy watches.
struct Listener(TempDir);

impl Listener {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Puts the listener of this configuration into the file, and returns the configuration without
    /// it.
    fn take_out_of(&self, yaml: &str) -> String {
        let (before, rest) = yaml.split_once("  listeners:\n").expect("the listeners");
        let (listener, after) = rest.split_once("\n  clusters:\n").expect("the clusters");
        let kind = "type.googleapis.com/envoy.config.listener.v3.Listener";
        let first = "    - name: public\n";
        assert!(
            listener.starts_with(first) && listener.matches("\n    - ").count() == 0,
            "only one"
        );
        let listener = listener.replacen(first, &format!("{first}      \"@type\": {kind}\n"), 1);
        self.write(&format!("resources:\n{listener}\n"));
        format!(
            "node: {{ id: edge, cluster: edge }}\ndynamic_resources:\n  lds_config:\n    \
             path_config_source: {{ path: {} }}\n{before}  clusters:\n{after}",
            self.0.path().join("listener.yaml").display()
        )
    }

    /// Changes the file. Envoy takes notice of one that is moved to its place.
    fn change(&self, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.0.path().join("listener.yaml")).unwrap();
        self.write(&change(text));
    }

    fn write(&self, text: &str) {
        let new = self.0.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.0.path().join("listener.yaml")).unwrap();
    }
}

#[tokio::test]
async fn a_configuration_that_is_wrong_when_it_is_loaded_again_changes_nothing_and_is_told() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let (listener, upstream) = (Listener::new(), Upstream::start().await);
        let without = |yaml: String| listener.take_out_of(&yaml);
        let envoy = Envoy::start_with(hold, upstream.address, &Map::new(), without).await;
        assert_eq!(send(envoy.address, &signed(BODY), BODY).await.status, 200, "{case}");

        let current = r#"{"env":"GENESYS_WEBHOOK_SECRET"},"#;
        let mistakes = [
            (current, r#"{"enf":"GENESYS_WEBHOOK_SECRET"},"#, "signature_secrets[0].enf"),
            (current, r#"{"env":"NO_SUCH_VARIABLE"},"#, "signature_secrets[0].env"),
            (r#""tenants":"#, r#""tenant":"#, "tenant: there is no such member"),
        ];
        for (right, wrong, named) in mistakes {
            listener.change(|text| text.replacen(right, wrong, 1));
            let log = envoy.log_with(named).await;
            assert!(log.contains("edge configuration: "), "{case}: {log}");
            listener.change(|text| text.replacen(wrong, right, 1));
            upstream.take();
            for _ in 0..3 {
                assert_eq!(send(envoy.address, &signed(BODY), BODY).await.status, 200, "{case}");
                assert_eq!(send(envoy.address, &forged(), BODY).await.status, 401, "{case}");
            }
            assert_eq!(upstream.take().len(), 3, "{case}");
        }

        // One that is right takes the place of the one before.
        let previous = signed_with(PREVIOUS_SECRET, BODY);
        assert_eq!(send(envoy.address, &previous, BODY).await.status, 200, "{case}");
        let also = r#"{"env":"GENESYS_WEBHOOK_SECRET_PREVIOUS"}"#;
        listener.change(|text| text.replacen(also, current.trim_end_matches(','), 1));
        let deadline = Instant::now() + PATIENCE;
        while send(envoy.address, &previous, BODY).await.status != 401 {
            assert!(Instant::now() < deadline, "{case}: it is never taken");
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(send(envoy.address, &signed(BODY), BODY).await.status, 200, "{case}");
    }
}
