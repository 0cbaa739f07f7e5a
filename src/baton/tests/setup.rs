//! `baton setup`, against `baton simulate`.

#[cfg(test)]
#[cfg(feature = "simulator")]
mod command;

#[cfg(test)]
#[cfg(feature = "simulator")]
mod tests {
    use std::{fs, path::Path, process::Command};

    use serde_json::Value;

    use crate::command::{Ended, Running, baton, ended};

    const CLIENT_SECRET: &str = "recognisable-secret-of-the-client";
    const MASTER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    /// A simulated org in which nothing was set up, and its address.
    fn org() -> (Running, String) {
        let mut command = baton(&["simulate", "--listen", "127.0.0.1:0", "--time-scale", "0"]);
        command.args(["--webhook-url", "http://127.0.0.1:9/events", "--secret-env", "SECRET"]);
        command.args(["--oauth-client", &format!("whole:{CLIENT_SECRET}")]);
        command.args([
            "--oauth-client",
            &format!("weak:{CLIENT_SECRET} messaging:integration:view messaging:setting:view"),
        ]);
        let running = Running::start(command.env("SECRET", "at-least-16-chars-long"));
        let line = running.line();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        let address = format!("http://{address}");
        (running, address)
    }

    /// All that is asked for, but the OAuth client.
    fn setup(address: &str) -> Command {
        let mut command = baton(&["setup", "--base-url", address, "--integration", "Web chat"]);
        command.args(["--public-url", "http://127.0.0.1:9", "--tenant", "acme/support/live"]);
        command.args(["--queue", "Agents", "--flow", "Inbound flow"]);
        command
    }

    fn with_client<'c>(command: &'c mut Command, id: &str) -> &'c mut Command {
        command.args(["--client-id", id, "--client-secret-env", "CLIENT_SECRET"]);
        command.env("CLIENT_SECRET", CLIENT_SECRET)
    }

    fn states(ended: &Ended, of: &str) -> Vec<String> {
        let said: Value = serde_json::from_str(&ended.output).unwrap();
        let steps = said[of].as_array().unwrap().iter();
        steps.map(|step| step["state"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_org_is_set_up_and_a_second_run_finds_it_all_there() {
        let (_org, address) = org();
        let run = || {
            let mut command = setup(&address);
            ended(with_client(&mut command, "whole").args(["--apply", "--yes", "--json"]))
        };
        let first = run();
        assert_eq!(first.code, Some(0), "{}", first.errors);
        assert_eq!(states(&first, "steps"), ["create", "create", "create", "there", "change"]);
        assert_eq!(states(&first, "applied"), ["done", "done", "done", "there", "done"]);
        let said: Value = serde_json::from_str(&first.output).unwrap();
        let url = "http://127.0.0.1:9/webhooks/genesys/acme/support/live/events";
        assert_eq!(said["webhook_url"], url);
        let secret = said["secrets"]["ACME_SUPPORT_LIVE_SIGNATURE_SECRET"].as_str().unwrap();
        assert_eq!(secret.len(), 43, "32 bytes in base64url");

        let second = run();
        assert_eq!(second.code, Some(0), "{}", second.errors);
        assert_eq!(states(&second, "steps"), ["there"; 5]);
        let said: Value = serde_json::from_str(&second.output).unwrap();
        assert_eq!(said.get("secrets"), None, "no secret is made where there is one");
        for ended in [first, second] {
            assert!(!(ended.output + &ended.errors).contains(CLIENT_SECRET));
        }
    }

    #[test]
    fn without_apply_nothing_is_made() {
        let (_org, address) = org();
        for _ in 0..2 {
            let mut command = setup(&address);
            let ended = ended(with_client(&mut command, "whole").arg("--json"));
            assert_eq!(ended.code, Some(0), "{}", ended.errors);
            assert_eq!(states(&ended, "steps"), ["create", "create", "create", "there", "change"]);
        }
    }

    #[test]
    fn what_the_client_may_not_do_is_for_a_person_and_the_exit_code_says_so() {
        let (_org, address) = org();
        let mut command = setup(&address);
        let ended = ended(with_client(&mut command, "weak").args(["--apply", "--yes"]));
        assert_eq!(ended.code, Some(1), "{}", ended.errors);
        for lacking in ["messaging:setting:add", "messaging:integration:add", "routing:queue:view"]
        {
            assert!(ended.output.contains(&format!("lacks {lacking}")), "{}", ended.output);
        }
        assert!(ended.output.contains("by hand: Admin > Contact Center > Queues"));
    }

    #[test]
    fn the_section_that_is_printed_is_a_configuration_with_what_it_refers_to() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--bot-queue", "Bot queue"]);
        let set_up = ended(command.args(["--apply", "--yes", "--json"]));
        let said: Value = serde_json::from_str(&set_up.output).unwrap();
        let queues = "[tenants.genesys.queues]\nbot = \"Bot queue\"\nagent = \"Agents\"\n";
        assert!(said["configuration"].as_str().unwrap().ends_with(queues), "{}", set_up.errors);
        let path = directory.path().join("baton.toml");
        fs::write(&path, said["configuration"].as_str().unwrap()).unwrap();
        let mut check = baton(&["config", "check", "--config", path.to_str().unwrap()]);
        let secret = &said["secrets"]["ACME_SUPPORT_LIVE_SIGNATURE_SECRET"];
        check
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .env("ACME_SUPPORT_LIVE_SIGNATURE_SECRET", secret.as_str().unwrap())
            .env("ACME_SUPPORT_LIVE_CONNECTOR_TOKEN", "a-connector-token-0123456789abcdef")
            .env("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef")
            .env("BATON_ADMIN_CREDENTIAL", "fedcba9876543210fedcba9876543210");
        let checked = ended(&mut check);
        assert_eq!(checked.code, Some(0), "{}", checked.errors);
    }

    fn stored(directory: &Path) -> String {
        let path = directory.join("baton.toml");
        let text = format!(
            "[store]\npath = {:?}\nmaster_key = {{ env = \"MASTER_KEY\" }}\n",
            directory.join("baton.db")
        );
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn with_store<'c>(command: &'c mut Command, configuration: &str) -> &'c mut Command {
        command
            .args(["--config", configuration])
            .env("MASTER_KEY", MASTER_KEY)
            .env("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef")
            .env("BATON_ADMIN_CREDENTIAL", "fedcba9876543210fedcba9876543210")
    }

    #[test]
    fn the_tenant_goes_into_the_store_with_its_secrets_sealed() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let configuration = stored(directory.path());
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--apply", "--yes", "--store", "--json"]);
        let set_up = ended(with_store(&mut command, &configuration));
        assert_eq!(set_up.code, Some(0), "{}", set_up.errors);
        let said: Value = serde_json::from_str(&set_up.output).unwrap();
        assert_eq!(said["stored"], "acme/support/live");
        let secrets: Vec<_> = said["secrets"].as_object().unwrap().keys().collect();
        assert_eq!(secrets, ["ACME_SUPPORT_LIVE_CONNECTOR_TOKEN"]);

        let mut list = baton(&["tenant", "list"]);
        let listed = ended(with_store(&mut list, &configuration));
        assert!(listed.output.contains("acme/support/live"), "{}", listed.errors);
        for file in fs::read_dir(directory.path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(CLIENT_SECRET));
        }

        // Once more, and it stays as it is.
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--apply", "--yes", "--store", "--json"]);
        let again = ended(with_store(&mut command, &configuration));
        assert_eq!(again.code, Some(0), "{}", again.errors);
        let said: Value = serde_json::from_str(&again.output).unwrap();
        assert_eq!(said["stored"], "acme/support/live");
        assert_eq!(said.get("secrets"), None);
        assert_eq!(ended(&mut list).output, listed.output);
        command.arg("--new-webhook-secret");
        ended(&mut command).assert_failed(2, "baton tenant rotate acme/support/live");

        // What Genesys does not show cannot be stored elsewhere.
        let elsewhere = tempfile::tempdir().unwrap();
        let configuration = stored(elsewhere.path());
        let mut command = setup(&address);
        with_client(&mut command, "whole").arg("--store");
        ended(with_store(&mut command, &configuration)).assert_failed(2, "--new-webhook-secret");
    }

    #[test]
    fn a_tenant_keeps_its_place_in_the_store_when_another_integration_is_named_by_mistake() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let configuration = stored(directory.path());
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--apply", "--yes", "--store"]);
        let set_up = ended(with_store(&mut command, &configuration));
        assert_eq!(set_up.code, Some(0), "{}", set_up.errors);
        let mut show = baton(&["tenant", "show", "acme/support/live"]);
        let shown = ended(with_store(&mut show, &configuration)).output;
        for arguments in [&["--apply", "--yes"] as &[&str], &[]] {
            let mut command = baton(&["setup", "--base-url", &address, "--store"]);
            command.args(["--integration", "Web caht", "--tenant", "acme/support/live"]);
            command.args(["--public-url", "http://127.0.0.1:9"]).args(arguments);
            with_store(with_client(&mut command, "whole"), &configuration);
            ended(&mut command).assert_failed(2, "baton tenant remove acme/support/live");
            assert_eq!(ended(&mut show).output, shown);
        }
    }

    #[test]
    fn that_nothing_can_be_stored_is_found_before_anything_is_made() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let configuration = stored(directory.path());
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--apply", "--yes", "--store"]);
        with_store(&mut command, &configuration).env_remove("MASTER_KEY");
        ended(&mut command).assert_failed(64, "MASTER_KEY");
        let mut command = setup(&address);
        let after = ended(with_client(&mut command, "whole").arg("--json"));
        assert_eq!(states(&after, "steps"), ["create", "create", "create", "there", "change"]);
    }

    #[test]
    fn a_tenant_that_the_configuration_has_already_is_refused_before_anything_is_made() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let configuration = stored(directory.path());
        let section = "[[tenants]]\naccount_id = 'acme'\nproject_id = 'support'\n\
                       client_env = 'live'\nintegration_id = '5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c19'\n\
                       connector_tokens = [{ env = 'MASTER_KEY' }]\nhosts = ['a.example']\n";
        let text = fs::read_to_string(&configuration).unwrap() + section;
        fs::write(&configuration, text).unwrap();
        let mut command = setup(&address);
        with_client(&mut command, "whole").args(["--apply", "--yes", "--store", "--json"]);
        let failed = ended(with_store(&mut command, &configuration));
        assert_eq!(failed.code, Some(64), "{}", failed.errors);
        let mut command = setup(&address);
        let after = ended(with_client(&mut command, "whole").arg("--json"));
        assert_eq!(states(&after, "steps"), ["create", "create", "create", "there", "change"]);
    }

    #[test]
    fn what_is_replaced_at_an_integration_that_is_there_is_said_first() {
        let (_org, address) = org();
        let mut command =
            baton(&["setup", "--base-url", &address, "--tenant", "acme/support/live"]);
        command.args(["--integration", "baton simulator", "--flow", "survey flow"]);
        command.args(["--public-url", "http://127.0.0.1:9"]);
        let planned = ended(with_client(&mut command, "whole")).output;
        assert!(
            planned.contains("the webhook URL, until now http://127.0.0.1:9/events"),
            "{planned}"
        );
        assert!(planned.contains("instead of \"Inbound flow\""), "{planned}");
        assert!(planned.contains("Nothing was changed in Genesys"), "{planned}");
        assert!(planned.contains("keeps its webhook secret"), "{planned}");
    }

    #[test]
    fn a_webhook_secret_that_genesys_would_refuse_is_refused_before() {
        let (_org, address) = org();
        let mut command = setup(&address);
        with_client(&mut command, "whole").args([
            "--webhook-secret-env",
            "GIVEN",
            "--apply",
            "--yes",
        ]);
        let refused = ended(command.env("GIVEN", "fifteen-letters"));
        refused.assert_failed(2, "16 characters");
        assert!(!refused.errors.contains("fifteen-letters"));
    }

    #[test]
    fn a_secret_that_a_person_has_to_set_at_genesys_is_shown_though_it_is_stored() {
        let (_org, address) = org();
        let directory = tempfile::tempdir().unwrap();
        let configuration = stored(directory.path());
        for (client, arguments) in [("whole", &[] as &[&str]), ("weak", &["--apply", "--yes"])] {
            let mut command = setup(&address);
            with_client(&mut command, client).args(["--store", "--json"]).args(arguments);
            let set_up = ended(with_store(&mut command, &configuration));
            let said: Value = serde_json::from_str(&set_up.output).unwrap();
            let secrets = said["secrets"].as_object().unwrap();
            assert!(secrets.contains_key("ACME_SUPPORT_LIVE_SIGNATURE_SECRET"), "{client}");
            assert!(secrets.contains_key("ACME_SUPPORT_LIVE_CONNECTOR_TOKEN"), "{client}");
        }
    }

    #[test]
    fn what_is_missing_is_named_where_nobody_can_be_asked() {
        let missing = |command: &mut Command, option: &str| {
            ended(command).assert_failed(2, option);
        };
        missing(&mut baton(&["setup"]), "--region");
        missing(&mut baton(&["setup", "--region", "mypurecloud.de"]), "--public-url");
        let base = ["setup", "--region", "mypurecloud.de", "--public-url", "https://x.example"];
        missing(&mut baton(&base), "--tenant");
        missing(baton(&base).args(["--tenant", "acme/support"]), "account/project/environment");
        missing(baton(&base).args(["--tenant", "a/b/c"]), "--integration");
        missing(baton(&base).args(["--client-id", "c"]), "--client-secret-env");
        missing(baton(&base).arg("--apply"), "--yes");
        let plain = ["setup", "--region", "eu-west-1", "--public-url", "http://x.example"];
        missing(&mut baton(&plain), "https alone");
    }

    #[test]
    fn without_a_client_there_is_the_checklist_with_the_permissions() {
        let mut command =
            baton(&["setup", "--region", "eu-central-1", "--integration", "Web chat"]);
        command.args(["--public-url", "https://chat.example.com", "--tenant", "acme/support/live"]);
        let ended = ended(command.args(["--with", "transfer"]));
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        for says in [
            "Admin > Integrations > OAuth",
            "conversation:communication:blindTransferQueue",
            "messaging:setting:add",
            "  ACME_SUPPORT_LIVE_SIGNATURE_SECRET=",
            "region = \"eu-central-1\"",
        ] {
            assert!(ended.output.contains(says), "{says}: {}", ended.output);
        }
    }

    #[test]
    fn terraform_gets_the_region_and_no_secret() {
        let mut command = baton(&["setup", "--terraform", "--region", "mypurecloud.de"]);
        command.args(["--public-url", "https://chat.example.com", "--tenant", "acme/support/live"]);
        let ended = ended(command.args(["--integration", "Web chat"]));
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        assert!(ended.output.contains("aws_region = \"eu-central-1\""));
        assert!(ended.output.contains("= var.webhook_secret"));
        assert!(!ended.output.contains("genesyscloud_routing_queue"));
    }
}
