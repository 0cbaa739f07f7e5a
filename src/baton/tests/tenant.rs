//! `baton tenant` and `baton store`: tenants in the store, with the sidecar and without it.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    use tempfile::TempDir;

    use crate::command::{Ended, Running, baton, ended, ended_with_input};

    const TENANT: &str = "acme/support/live";
    const TOKEN: &str = "connector-token-of-acme-0123456789";
    const WEBHOOK_SECRET: &str = "the-old-webhook-secret-0123456789";
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const ANOTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    /// A configuration without tenants, and the section of one in a file of its own.
    struct Place {
        directory: TempDir,
        configuration: String,
        section: String,
    }

    impl Place {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| {
                let path = directory.path().join(name);
                fs::write(&path, text).unwrap();
                path.to_str().unwrap().to_owned()
            };
            let listen = "listen = \"127.0.0.1:0\"";
            let configuration = write(
                "baton.toml",
                &format!(
                    "[chat]\n{listen}\n[internal]\n{listen}\n[edge]\n{listen}\n[observation]\n\
                     {listen}\n[store]\nmaster_key = {{ env = \"MASTER_KEY\" }}\npath = \"{}\"\n",
                    directory.path().join("baton.db").display()
                ),
            );
            let section = write(
                "acme.toml",
                "[[tenants]]
                account_id = 'acme'
                project_id = 'support'
                client_env = 'live'
                integration_id = 'integration-acme'
                connector_tokens = [{ env = 'ACME_CONNECTOR_TOKEN' }]
                hosts = ['www.example.com']
                [tenants.edge]
                signature_secrets = [{ env = 'ACME_SIGNATURE_SECRET' }]",
            );
            Self { directory, configuration, section }
        }

        fn command(&self, key: &str, arguments: &[&str]) -> std::process::Command {
            let mut command = baton(arguments);
            command
                .args(["--config", &self.configuration])
                .env("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef")
                .env("BATON_ADMIN_CREDENTIAL", "fedcba9876543210fedcba9876543210")
                .env("ACME_CONNECTOR_TOKEN", TOKEN)
                .env("ACME_SIGNATURE_SECRET", WEBHOOK_SECRET)
                .env("MASTER_KEY", key);
            command
        }

        /// What the command comes to, which is done.
        fn done(&self, arguments: &[&str]) -> String {
            let ended = ended(&mut self.command(KEY, arguments));
            assert_eq!(ended.code, Some(0), "{}", ended.errors);
            ended.output
        }

        fn refused(&self, arguments: &[&str]) -> Ended {
            ended(&mut self.command(KEY, arguments))
        }

        fn with_tenant() -> Self {
            let place = Self::new();
            place.done(&["tenant", "add", &place.section]);
            place
        }

        /// What lies in each file, but for what SQLite shares between processes. An empty file
        /// counts as none: a log may be left that holds nothing.
        fn files(&self) -> BTreeMap<String, Vec<u8>> {
            let files = fs::read_dir(self.directory.path()).unwrap();
            let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            let files = files.map(|file| file.unwrap().path());
            files
                .filter(|path| !named(path).ends_with("-shm"))
                .map(|path| (named(&path), fs::read(&path).unwrap()))
                .filter(|(_, bytes)| !bytes.is_empty())
                .collect()
        }

        /// A sidecar that runs, and the address of its internal listener.
        fn serve(&self) -> (Running, String) {
            let running = Running::start(&mut self.command(KEY, &["serve"]));
            let line = running.line_with("deliveries and operators ");
            let address = line.split("deliveries and operators ").nth(1).unwrap().to_owned();
            (running, address)
        }
    }

    #[test]
    fn a_tenant_is_added_listed_shown_and_removed_in_the_store_of_a_stopped_sidecar() {
        let place = Place::new();
        for arguments in [
            &["tenant", "list"][..],
            &["tenant", "rotate", TENANT],
            &["tenant", "remove", TENANT],
            &["store", "rotate-key", "--new-key-env", "MASTER_KEY"],
        ] {
            place.refused(arguments).assert_failed(64, "there is no store");
            assert!(!place.files().contains_key("baton.db.lock"), "nothing was made");
        }
        let added = place.done(&["tenant", "add", &place.section]);
        assert!(added.starts_with("acme/support/live added; it is served from"), "{added}");
        let listed = place.done(&["tenant", "list"]);
        assert!(listed.starts_with("acme/support/live  changed 20"), "{listed}");
        let shown = place.done(&["tenant", "show", TENANT]);
        assert!(shown.contains("integration-acme") && shown.contains("set_since"), "{shown}");
        let files = place.files();
        for secret in [TOKEN, WEBHOOK_SECRET, KEY] {
            assert!(!shown.contains(secret), "{shown}");
            let holds =
                |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!files.values().any(holds));
        }
        let removed = place.done(&["tenant", "remove", TENANT]);
        assert!(removed.starts_with("acme/support/live is out of the store"), "{removed}");
        assert_eq!(place.done(&["tenant", "list"]), "the store holds no tenant\n");
        assert_eq!(place.refused(&["tenant", "show", TENANT]).code, Some(1));
    }

    #[test]
    fn a_secret_is_rotated_in_a_sidecar_that_runs_and_shown_once() {
        let place = Place::with_tenant();
        let (sidecar, address) = place.serve();
        let ask = |arguments: &[&str]| {
            let arguments = [&["tenant"], arguments, &["--sidecar", &address]].concat();
            place.refused(&arguments)
        };
        let listed = ask(&["list", "--json"]);
        let tenants: serde_json::Value = serde_json::from_str(&listed.output).unwrap();
        assert_eq!(tenants["tenants"][0]["takes_effect"], "now", "{}", listed.errors);

        let begun = ask(&["rotate", TENANT, "--edge-cache-seconds", "600"]).output;
        assert!(begun.contains("shown this once:"), "{begun}");
        assert!(begun.contains(" UTC on, in 10 min: put the new secret into"), "{begun}");
        let secret = begun.lines().nth(2).unwrap().trim();
        assert_eq!(secret.len(), 43);
        ask(&["rotate", TENANT, "--finish"]).assert_failed(1, "not every edge has the new");
        let shown = ask(&["show", TENANT]).output;
        assert!(!shown.contains(secret) && shown.contains("Genesys from 20"), "{shown}");
        let finished = ask(&["rotate", TENANT, "--finish", "--force"]).output;
        assert!(finished.contains("is taken no more"), "{finished}");

        assert!(ask(&["rotate", TENANT]).output.contains("shown this once"));
        let cancelled = ask(&["rotate", TENANT, "--cancel"]).output;
        assert!(
            cancelled.starts_with("the new webhook secret of acme/support/live"),
            "{cancelled}"
        );

        let given =
            [&["tenant", "rotate", TENANT, "--secret-from-stdin", "--sidecar"][..], &[&address]];
        let mut command = place.command(KEY, &given.concat());
        let given = ended_with_input(&mut command, b"another-webhook-secret-0123456789\n");
        assert_eq!(given.code, Some(0), "{}", given.errors);
        assert!(!given.output.contains("another-webhook-secret"), "{}", given.output);
        sidecar.signal("TERM");
        let stopped = sidecar.ended();
        for text in [&stopped.output, &stopped.errors] {
            assert!(!text.contains(secret) && !text.contains("another-webhook-secret"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_tenant_is_one_line_that_says_what_to_do() {
        let place = Place::new();
        let mut command = place.command(KEY, &["tenant", "add", &place.section]);
        let unset = ended(command.env_remove("ACME_CONNECTOR_TOKEN"));
        unset.assert_failed(64, "needs the environment variable ACME_CONNECTOR_TOKEN");
        let mut command = place.command(KEY, &["tenant", "add", "-"]);
        ended_with_input(&mut command, b"[chat]").assert_failed(64, "one section [[tenants]]");
        assert_eq!(place.refused(&["tenant", "show", "acme"]).code, Some(2));
        let text = fs::read_to_string(&place.configuration).unwrap();
        let without = text.replace("master_key = { env = \"MASTER_KEY\" }", "");
        fs::write(&place.configuration, without).unwrap();
        place.refused(&["tenant", "list"]).assert_failed(64, "baton store new-key");
    }

    #[test]
    fn a_wrong_master_key_is_one_line_and_leaves_the_store_as_it_is() {
        let place = Place::with_tenant();
        let before = place.files();
        for arguments in [&["serve"][..], &["tenant", "list"], &["tenant", "add", &place.section]] {
            let mut command = place.command(ANOTHER_KEY, arguments);
            ended(&mut command).assert_failed(64, "the master key is not the one");
        }
        let mut command = place.command("no key", &["serve"]);
        ended(&mut command).assert_failed(64, "store.master_key");
        let text = fs::read_to_string(&place.configuration).unwrap();
        let without = text.replace("master_key = { env = \"MASTER_KEY\" }", "");
        fs::write(&place.configuration, without).unwrap();
        place.refused(&["serve"]).assert_failed(64, "no store.master_key to open them with");
        fs::write(&place.configuration, text).unwrap();
        let after = place.files();
        assert!(after.keys().eq(before.keys()), "{:?}", after.keys());
        assert!(after == before);
        assert!(place.done(&["tenant", "list"]).starts_with(TENANT));
    }

    #[test]
    fn the_master_key_is_changed_while_the_sidecar_is_stopped() {
        let place = Place::with_tenant();
        let fresh = ended(&mut baton(&["store", "new-key"])).output;
        assert_eq!(fresh.trim().len(), 43);
        let arguments = ["store", "rotate-key", "--new-key-env", "NEW_KEY"];
        let rotate = || ended(place.command(KEY, &arguments).env("NEW_KEY", fresh.trim()));
        let (sidecar, _) = place.serve();
        rotate().assert_failed(64, "is in use by another process");
        sidecar.signal("TERM");
        assert_eq!(sidecar.ended().code, Some(0));

        let rotated = rotate();
        assert!(
            rotated.output.starts_with("tenants sealed under the new key: 1;"),
            "{}",
            rotated.errors
        );
        place.refused(&["tenant", "list"]).assert_failed(64, "the master key is not the one");
        let listed = ended(&mut place.command(fresh.trim(), &["tenant", "list"]));
        assert!(listed.output.starts_with(TENANT), "{}", listed.errors);
        let file = place.directory.path().join("key");
        fs::write(&file, "too short").unwrap();
        let wrong = ["store", "rotate-key", "--new-key-file", file.to_str().unwrap()];
        place.refused(&wrong).assert_failed(2, "--new-key-file: the key has to be 32 bytes");
    }
}
