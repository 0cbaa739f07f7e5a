//! `baton setup --apply --store` that is cut off at any of its calls, as by a power cut, and run
//! again: what comes of it is a tenant that works.

#[cfg(test)]
#[cfg(feature = "simulator")]
mod command;

#[cfg(test)]
#[cfg(feature = "simulator")]
mod relay;

#[cfg(test)]
#[cfg(feature = "simulator")]
mod tests {
    use std::{fs, path::PathBuf, process::Command};

    use baton_genesys::{Credentials, Genesys, Hosts, IntegrationRef, Pace};
    use baton_sidecar::{Configuration, ConfigurationSource, Random, Secret, SecretDigest};
    use baton_simulator::OauthClient;
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tokio::{sync::oneshot, task::JoinHandle};

    use crate::{
        command::{Ended, Running, baton, ended},
        relay::{Cut, Relay},
    };

    const CLIENT: &str = "whole";
    const CLIENT_SECRET: &str = "recognisable-secret-of-the-client";
    const GIVEN_SECRET: &str = "webhook-secret-that-was-given-0123456789";
    /// What the sidecar's configuration refers to.
    const ENVIRONMENT: [(&str, &str); 5] = [
        ("MASTER_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
        ("BATON_DELIVERY_CREDENTIAL", "0123456789abcdef0123456789abcdef"),
        ("BATON_ADMIN_CREDENTIAL", "fedcba9876543210fedcba9876543210"),
        ("CLIENT_SECRET", CLIENT_SECRET),
        ("GIVEN_SECRET", GIVEN_SECRET),
    ];

    /// A tenant whose integration Genesys does not have.
    const GONE: &str = r#"
        [[tenants]]
        account_id = "acme"
        project_id = "support"
        client_env = "live"
        integration_id = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c19"
        connector_tokens = [{ env = "GIVEN_SECRET" }]
        hosts = ["www.example.com"]

        [tenants.edge]
        signature_secrets = [{ env = "GIVEN_SECRET" }]
    "#;

    /// How the webhook secret comes about.
    #[derive(Clone, Copy, Debug)]
    enum Case {
        /// The integration is made, with a secret of its own.
        New,
        /// It is there, and gets another secret.
        Another,
        /// It is there, and gets the secret that is given.
        Given,
        /// The tenant is in the store already, and its integration is gone.
        Replaced,
    }

    impl Case {
        const fn options(self) -> &'static [&'static str] {
            match self {
                Self::New | Self::Replaced => &[],
                Self::Another => &["--new-webhook-secret"],
                Self::Given => &["--webhook-secret-env", "GIVEN_SECRET"],
            }
        }
    }

    /// A simulated org, a relay before it, and the folder of a sidecar.
    struct World {
        case: Case,
        org: String,
        relay: Relay,
        folder: TempDir,
        _stop: oneshot::Sender<()>,
        _served: JoinHandle<()>,
    }

    impl World {
        async fn new(case: Case) -> Self {
            let mut org = baton_simulator::Configuration::new(
                "http://127.0.0.1:9/events",
                "at-least-16-chars-long",
            );
            org.oauth_clients = vec![OauthClient::with_every_permission(CLIENT, CLIENT_SECRET)];
            org.time_scale = 0.0;
            let listener = org.bind().await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let (stop, stopped) = oneshot::channel();
            let served = tokio::spawn(async move {
                let stopped = async { stopped.await.unwrap_or_default() };
                baton_simulator::serve(listener, org, stopped).await.unwrap();
            });
            let relay = Relay::start(&address).await;
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "[store]\npath = {:?}\nmaster_key = {{ env = \"MASTER_KEY\" }}\n",
                folder.path().join("baton.db")
            );
            fs::write(folder.path().join("baton.toml"), text).unwrap();
            let world = Self { case, org: address, relay, folder, _stop: stop, _served: served };
            world.prepare().await;
            world
        }

        /// What there is before.
        async fn prepare(&self) {
            match self.case {
                Case::New => {}
                Case::Another | Case::Given => {
                    let there = json!({
                        "name": "Web chat",
                        "webhook_url": "http://127.0.0.1:9/elsewhere",
                        "signature_secret": "the-secret-of-before-0123456789",
                    });
                    self.control(reqwest::Method::POST, "integrations", there).await;
                }
                Case::Replaced => {
                    let section = self.folder.path().join("gone.toml");
                    fs::write(&section, GONE).unwrap();
                    let mut add = baton(&["tenant", "add"]);
                    add.arg(section).arg("--config").arg(self.path()).envs(ENVIRONMENT);
                    let ended = ended(&mut add);
                    assert_eq!(ended.code, Some(0), "{}", ended.errors);
                }
            }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("baton.toml")
        }

        fn setup(&self) -> Command {
            let mut command =
                baton(&["setup", "--base-url", &self.relay.address, "--client-id", CLIENT]);
            command
                .args(["--client-secret-env", "CLIENT_SECRET", "--public-url"])
                .args(["http://127.0.0.1:9", "--tenant", "acme/support/live"])
                .args(["--queue", "Agents", "--flow", "Inbound flow", "--apply", "--yes"])
                .args(["--store", "--integration", "Web chat", "--config"])
                .arg(self.path())
                .args(self.case.options())
                .envs(ENVIRONMENT);
            command
        }

        /// Runs set-up until it is cut off; whether it was, and what it said.
        async fn run(&self, cut: Option<Cut>) -> (bool, Ended) {
            let mut is_cut_off = self.relay.cut(cut);
            let mut command = self.setup();
            let mut running = Running::start(&mut command);
            while !running.has_ended() {
                if is_cut_off.try_recv().is_ok() {
                    running.signal("KILL");
                    return (true, running.ended());
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            (false, running.ended())
        }

        async fn control(&self, method: reqwest::Method, path: &str, order: Value) {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = client.request(method, format!("{}/control/v1/{path}", self.org));
            let answer = request.json(&order).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {answer:?}");
        }

        /// What a sidecar would be served with.
        fn configuration(&self) -> Configuration {
            let environment = |name: &str| {
                let mut known = ENVIRONMENT.into_iter();
                known.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
            };
            let source =
                ConfigurationSource::new(fs::read_to_string(self.path()).unwrap(), environment);
            source.read_with_store(Random::system()).unwrap().0
        }

        /// Genesys signs with the one secret that the stored tenant takes, and chat clients can
        /// connect with the token that was said last.
        async fn assert_works(&self, said: &str, at: &str) {
            self.control(reqwest::Method::PUT, "org", json!({ "integrations_show_secrets": true }))
                .await;
            let credentials = Credentials {
                client_id: CLIENT.to_owned(),
                client_secret: Secret::new(CLIENT_SECRET.to_owned()),
            };
            let hosts = Hosts::at(&self.org).unwrap();
            let genesys =
                Genesys::new(hosts, credentials, Pace::default(), Random::system()).unwrap();
            let name = IntegrationRef::Name("Web chat".to_owned());
            let there = genesys.integration(&name).await.unwrap();
            let there = genesys.integration_details(&there.id).await.unwrap();
            assert_eq!(
                there.webhook_url.as_deref(),
                Some("http://127.0.0.1:9/webhooks/genesys/acme/support/live/events"),
                "{at}"
            );
            let recipient = genesys.recipient(&there.recipient_id.unwrap()).await.unwrap();
            assert_eq!(recipient.flow.unwrap().name, "Inbound flow", "{at}");

            let configuration = self.configuration();
            let [tenant] = configuration.tenants.as_slice() else { panic!("{at}") };
            assert_eq!(tenant.integration, IntegrationRef::Id(there.id), "{at}");
            let secrets = &tenant.edge.as_ref().unwrap().signature_secrets;
            let [secret] = secrets.as_slice() else { panic!("{at}: {secrets:?}") };
            assert!(there.signature_secret.as_ref() == Some(secret), "{at}: another secret");
            assert!(!tenant.hosts.is_empty(), "{at}");
            let said = said.rsplit_once("this connector token, which is shown this once:\n");
            let token = said.and_then(|(_, rest)| rest.lines().next());
            let token = token.unwrap_or_else(|| panic!("{at}: no token was said")).trim();
            let token = SecretDigest::of(token.as_bytes());
            assert!(token.is_one_of(&tenant.connector_tokens), "{at}: another token");
        }
    }

    /// Cuts it off at each call, before Genesys knows of it and after.
    async fn cut_off_at_each_call(case: Case) {
        for call in 1.. {
            for cut in [Cut::Before(call), Cut::After(call)] {
                let at = format!("{case:?}, {cut:?}");
                let world = World::new(case).await;
                let (was_cut_off, first) = world.run(Some(cut)).await;
                if !was_cut_off {
                    assert!(call > 8, "{at}: {}", first.errors);
                    return;
                }
                let (_, again) = world.run(None).await;
                assert_eq!(again.code, Some(0), "{at}: {}{}", again.output, again.errors);
                world.assert_works(&(first.output + &again.output), &at).await;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tenant_is_not_finished_while_nobody_knows_what_genesys_signs_with() {
        for fault in
            [json!({ "answer": { "status": 400 } }), json!({ "lose_answer": { "status": 400 } })]
        {
            let at = fault.to_string();
            let world = World::new(Case::New).await;
            let rule = json!({ "fault": fault, "matching": "POST /api/v2/conversations/messaging/integrations/open", "next": 1 });
            world.control(reqwest::Method::PUT, "faults", json!({ "requests": [rule] })).await;
            let (_, first) = world.run(None).await;
            assert_eq!(first.code, Some(1), "{at}: {}{}", first.output, first.errors);
            assert!(first.output.contains("run the same again"), "{at}: {}", first.output);
            assert!(!first.output.contains("connector token"), "{at}: {}", first.output);
            assert!(world.configuration().tenants[0].hosts.is_empty(), "{at}");

            let (_, again) = world.run(None).await;
            assert_eq!(again.code, Some(0), "{at}: {}{}", again.output, again.errors);
            assert!(again.output.contains("was cut off before its end"), "{at}: {}", again.output);
            world.assert_works(&again.output, &at).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn set_up_that_makes_the_integration() {
        cut_off_at_each_call(Case::New).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn set_up_that_gives_the_integration_another_secret() {
        cut_off_at_each_call(Case::Another).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn set_up_that_gives_the_integration_a_secret_that_is_known() {
        cut_off_at_each_call(Case::Given).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn set_up_that_makes_an_integration_in_the_place_of_one_that_is_gone() {
        cut_off_at_each_call(Case::Replaced).await;
    }
}
