//! `baton config`, and how the environment takes part in a configuration.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        path::Path,
        process::Command,
    };

    use crate::command::{baton, ended};

    const SECRET: &str = "hunter2-0123456789abcdef0123456789abcdef";

    /// `baton config check` of this text.
    fn check(directory: &Path, text: &str) -> Command {
        let path = directory.join("baton.toml");
        fs::write(&path, text).unwrap();
        let mut command = baton(&["config", "check", "--config", path.to_str().unwrap()]);
        command
            .env("BATON_DELIVERY_CREDENTIAL", format!("delivery-{SECRET}"))
            .env("BATON_ADMIN_CREDENTIAL", format!("admin-{SECRET}"));
        command
    }

    /// A tenant whose secret is in this file.
    fn tenant(secret: &Path) -> String {
        format!(
            "[[tenants]]
            account_id = 'acme'
            project_id = 'support'
            client_env = 'live'
            integration_id = 'i1'
            connector_tokens = [{{ file = '{}' }}]
            hosts = ['example.com']",
            secret.display()
        )
    }

    /// A file with the secret, that these may read.
    fn secret_file(directory: &Path, mode: u32) -> std::path::PathBuf {
        let path = directory.join("token");
        fs::write(&path, format!("{SECRET}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_configuration_is_checked_with_all_that_it_refers_to() {
        let directory = tempfile::tempdir().unwrap();
        let secret = secret_file(directory.path(), 0o600);
        let mut command = check(directory.path(), &tenant(&secret));
        let checked = ended(
            command
                .env("BATON__CHAT__LISTEN", "127.0.0.1:7")
                .env("BATON__TENANTS__0__BOT__BUILTIN", "true"),
        );
        assert_eq!((checked.code, &*checked.errors), (Some(0), ""));
        let lines: Vec<&str> = checked.output.lines().collect();
        assert!(lines.contains(&"chat API: http://127.0.0.1:7"), "{lines:?}");
        assert!(lines.contains(&"store: baton.db"), "{lines:?}");
        let expected = "tenant acme/support/live: the bot that is built in, no way to Genesys";
        assert!(lines.contains(&expected), "{lines:?}");
        assert!(!checked.output.contains("warning"), "{lines:?}");
        assert!(!checked.output.contains("hunter2"), "{lines:?}");
        assert!(!directory.path().join("baton.db").exists());
    }

    #[test]
    fn what_is_weak_is_warned_of_and_what_is_wrong_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let secret = secret_file(directory.path(), 0o644);
        let checked = ended(&mut check(directory.path(), &tenant(&secret)));
        assert_eq!(checked.code, Some(0), "{}", checked.errors);
        let warning = checked.output.lines().next().unwrap();
        assert!(warning.starts_with("warning: "), "{warning}");
        assert!(warning.contains("tenants[0].connector_tokens[0]"), "{warning}");
        assert!(warning.contains(secret.to_str().unwrap()), "{warning}");

        fs::remove_file(&secret).unwrap();
        let mut command = check(directory.path(), &tenant(&secret));
        ended(&mut command).assert_failed(64, "which cannot be read");
        let mut command = check(directory.path(), &tenant(directory.path()));
        ended(&mut command).assert_failed(64, "it is no regular file");
        let mut command = check(directory.path(), "");
        ended(command.env("BATON__CHAT__LISSTEN", SECRET))
            .assert_failed(64, "BATON__CHAT__LISSTEN names no key");
        ended(&mut baton(&["config", "check", "--config", "/no/such.toml"]))
            .assert_failed(64, "baton config default");
    }

    #[test]
    fn what_serving_would_refuse_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let tls = "chat.tls = { certificate = '/no/such.crt', key = '/no/such.key' }";
        ended(&mut check(directory.path(), tls)).assert_failed(64, "cannot read /no/such.crt");
        let twice = "internal.listen = '127.0.0.1:8080'";
        let says = "internal.listen is where chat.listen is";
        ended(&mut check(directory.path(), twice)).assert_failed(64, says);
    }

    #[test]
    fn a_store_that_may_hold_tenants_is_not_said_to_hold_none() {
        let directory = tempfile::tempdir().unwrap();
        let key = ended(&mut baton(&["store", "new-key"])).output;
        let mut command =
            check(directory.path(), "store.master_key = { env = 'BATON_MASTER_KEY' }");
        let checked = ended(command.env("BATON_MASTER_KEY", key.trim_end()));
        assert_eq!(checked.code, Some(0), "{}", checked.errors);
        assert!(!checked.output.contains("holds no tenant"), "{}", checked.output);
    }

    #[test]
    fn the_default_configuration_is_printed() {
        let printed = ended(&mut baton(&["config", "default"]));
        assert_eq!(printed.code, Some(0));
        let directory = tempfile::tempdir().unwrap();
        let checked = ended(&mut check(directory.path(), &printed.output));
        assert_eq!(checked.code, Some(0), "{}", checked.errors);
        assert!(checked.output.starts_with("warning: "), "{}", checked.output);
    }
}
