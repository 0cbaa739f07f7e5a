//! `baton check`: what is printed, and the exit codes.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use crate::command::{baton, ended};
    use serde_json::Value;
    use tempfile::TempDir;

    /// A tenant whose Genesys is not there, in a folder of its own.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let configuration = "
            internal.listen = '127.0.0.1:9'
            store.path = 'baton.db'
            [[tenants]]
            account_id = 'acme'
            project_id = 'support'
            client_env = 'live'
            integration_id = '5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10'
            connector_tokens = [{ env = 'CONNECTOR_TOKEN' }]
            hosts = ['www.example.com']
            [tenants.genesys]
            base_url = 'http://127.0.0.1:9'
            client_id = 'acme-client'
            client_secret = { env = 'CLIENT_SECRET' }";
        fs::write(folder.path().join("baton.toml"), configuration).unwrap();
        folder
    }

    fn check(folder: &TempDir, arguments: &[&str]) -> Command {
        let mut command = baton(&[&["check"], arguments].concat());
        command
            .current_dir(folder.path())
            .env("BATON_ADMIN_CREDENTIAL", "admin-credential-0123456789abcdef")
            .env("BATON_DELIVERY_CREDENTIAL", "delivery-credential-0123456789abcdef")
            .env("CONNECTOR_TOKEN", "connector-token-0123456789abcdef-of-acme")
            .env("CLIENT_SECRET", "client-secret-0123456789abcdef");
        command
    }

    #[test]
    fn a_cross_is_printed_under_its_tenant_and_makes_the_exit_code_1() {
        let ended = ended(&mut check(&folder(), &[]));
        assert_eq!(ended.code, Some(1), "{}", ended.errors);
        let output = &ended.output;
        for line in [
            "✓ configuration: there is acme/support/live",
            "✓ store: there is no baton.db yet; baton serve is to make it",
            "✗ sidecar: no answer from the sidecar at http://127.0.0.1:9",
            "\n\nacme/support/live\n✗ region: reaching the region failed: 127.0.0.1 cannot be reached",
            "– token: it needs the region\n",
            "– webhook: give --public-url to send a test webhook\n\n2 crosses: mend them",
        ] {
            assert!(output.contains(line), "{line:?} was expected in:\n{output}");
        }
    }

    #[test]
    fn as_json_nothing_else_is_printed() {
        let folder = folder();
        let ended = ended(&mut check(&folder, &["--json"]));
        assert_eq!((ended.code, ended.errors.as_str()), (Some(1), ""));
        let report: Value = serde_json::from_str(&ended.output).unwrap();
        assert_eq!((&report["outcome"], &report["failed"]), (&"failed".into(), &2.into()));
        let names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["baton.toml"], "a check makes no store");
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_exit_code_64() {
        let folder = folder();
        let refused = ended(check(&folder, &[]).env_remove("CLIENT_SECRET"));
        refused.assert_failed(64, "tenants[0].genesys.client_secret");
        let missing = ended(&mut check(&folder, &["--config", "missing.toml"]));
        missing.assert_failed(64, "missing.toml");
    }

    #[test]
    fn a_tenant_that_there_is_not_is_wrong_usage() {
        let ended = ended(&mut check(&folder(), &["--tenant", "acme/support/test"]));
        ended.assert_failed(2, "there is no tenant acme/support/test");
    }
}
