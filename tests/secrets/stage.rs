//! Everything at once: Envoy, the sidecar as a process, a Genesys and one that echoes, a bot, an
//! application, and the files they leave.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use baton_simulator::OauthClient;
use baton_tests::{
    API_KEY, CREDENTIAL, ENVIRONMENT, LOOK_UP_CREDENTIAL, SANDBOX_SECRET, SECRET,
    application::{Application, WebhookReceiver},
    bot::ScriptedBot,
    environment,
    envoy::Envoy,
    http1::{self, Answer},
    port::Port,
    process::{Home, Process, binary},
    setting::{
        APPLICATION_KEY, HANDOFF_CREDENTIAL, SANDBOX_APPLICATION_KEY, TOKEN_CREDENTIAL,
        WEBHOOK_SECRET,
    },
    sidecar::{
        ADMIN_CREDENTIAL, CONNECTOR_TOKEN, HOST, INTEGRATION, SANDBOX_CONNECTOR_TOKEN,
        SANDBOX_INTEGRATION,
    },
    simulator::{self, Simulator},
};
use serde_json::{Map, Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    evidence::Evidence,
    hostile::{HOSTILE_TOKEN, Hostile},
    marked::Marked,
    words,
};

/// The tenant in the store.
pub(crate) const TENANT: &str = "acme/support/live";

/// The OAuth client at the simulated Genesys.
pub(crate) const CLIENT: &str = "client-of-acme";

/// What the sidecar, its commands and Envoy have in their environment. The names are no secrets.
pub(crate) const SECRETS: [(&str, &str); 22] = [
    ("BATON_DELIVERY_CREDENTIAL", CREDENTIAL),
    ("BATON_ADMIN_CREDENTIAL", ADMIN_CREDENTIAL),
    ("BATON_LOOK_UP_CREDENTIAL", LOOK_UP_CREDENTIAL),
    ("CONNECTOR_TOKEN", CONNECTOR_TOKEN),
    ("SANDBOX_CONNECTOR_TOKEN", SANDBOX_CONNECTOR_TOKEN),
    ("REFUSED_CONNECTOR_TOKEN", "Rc3-the-connector-token/of+a tenant"),
    ("MASTER_KEY", "bWFzdGVyIGtleSBvZiB0aGUgc3RvcmUsIDMyIGJ5dGU"),
    ("GENESYS_SECRET", "Xq4-the-client-secret/of+acme"),
    ("WRONG_GENESYS_SECRET", "Wr8-a-client-secret/that+Genesys refuses"),
    ("HOSTILE_GENESYS_SECRET", "Hq2-a-client-secret/that+is echoed"),
    ("SIGNATURE_SECRET", SECRET),
    ("SANDBOX_SIGNATURE_SECRET", SANDBOX_SECRET),
    ("EVENT_KEY", API_KEY),
    ("APPLICATION_KEY", APPLICATION_KEY),
    ("SANDBOX_APPLICATION_KEY", SANDBOX_APPLICATION_KEY),
    ("TOKEN_CREDENTIAL", TOKEN_CREDENTIAL),
    ("HANDOFF_CREDENTIAL", HANDOFF_CREDENTIAL),
    ("BOT_CREDENTIAL", BOT_CREDENTIAL),
    ("WEBHOOK_SECRET", WEBHOOK_SECRET),
    ("PREVIOUS_WEBHOOK_SECRET", "whsec_cHJldmlvdXMgc2VjcmV0IG9mIHdlYmhvb2tz"),
    ("HOSTILE_WEBHOOK_SECRET", "whsec_aG9zdGlsZSBzZWNyZXQgb2Ygd2ViaG9va3M="),
    ("NEXT_SIGNATURE_SECRET", NEXT_SECRET),
];

/// The file of the back-up.
pub(crate) const BACKUP: &str = "backup.db";

/// What the bot is shown.
pub(crate) const BOT_CREDENTIAL: &str = "Bz5-the-credential/of+the=bot";

/// What a second rotation sets.
pub(crate) const NEXT_SECRET: &str = "Nk9-the-next-secret/of+webhooks";

/// The stage.
pub(crate) struct Stage {
    pub(crate) evidence: Evidence,
    pub(crate) genesys: Simulator,
    pub(crate) hostile: Hostile,
    pub(crate) bot: ScriptedBot,
    pub(crate) receiver: WebhookReceiver,
    pub(crate) collector: Hostile,
    pub(crate) envoy: Envoy,
    /// Where chat clients connect, past Envoy.
    pub(crate) chat: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) application: SocketAddr,
    pub(crate) observation: SocketAddr,
    _ports: [Port; 4],
    home: Home,
    process: Option<Process>,
}

/// A command that has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Stage {
    /// Sets it up: a tenant in the store, whose webhooks Envoy looks up, and two in the file, of
    /// which Envoy lists one.
    pub(crate) async fn set() -> Self {
        let ports = [(); 4].map(|()| Port::reserve());
        let [chat, internal, application, observation] = ports.each_ref().map(Port::address);
        let envoy = Envoy::start_in_front_of(chat, internal, &listed()).await;
        let mut org = simulator::configuration(envoy.address);
        org.oauth_clients =
            vec![OauthClient::with_every_permission(CLIENT, secret("GENESYS_SECRET"))];
        let genesys = Simulator::start_with(org).await;
        let hostile = Hostile::start(500).await;
        let bot = ScriptedBot::start(words::answer_of_the_bot).await;
        let receiver = WebhookReceiver::start(&[500]).await;
        let collector = Hostile::start(200).await;
        let file = |store: &Path| {
            let listens = format!(
                "chat.listen = '{chat}'\ninternal.listen = '{internal}'\n\
                 application.listen = '{application}'\nobservation.listen = '{observation}'\n\
                 application.public_url = 'https://baton.example.com'\n\
                 traces.endpoint = 'http://{}'\nstore.path = '{}'\n",
                collector.address,
                store.display()
            );
            listens + &in_file(genesys.address(), hostile.address)
        };
        let mut stage = Self {
            evidence: Evidence::default(),
            home: Home::with(file),
            genesys,
            hostile,
            bot,
            receiver,
            collector,
            envoy,
            chat,
            internal,
            application,
            observation,
            _ports: ports,
            process: None,
        };
        fs::create_dir(stage.path("tmp")).expect("a folder");
        stage.add_tenant().await;
        stage.start().await;
        stage
    }

    /// Puts the tenant into the store, which nobody has open.
    async fn add_tenant(&self) {
        let bot = self.bot.section().replace(
            "name = 'Ada'",
            "name = 'Ada'\ncredential = { env = 'BOT_CREDENTIAL' }\nwhen_down = 'apologise'",
        );
        let hook = self.receiver.section("previous_secret = { env = 'PREVIOUS_WEBHOOK_SECRET' }");
        let section = in_store(self.genesys.address()) + &bot + &hook;
        fs::write(self.path("live.toml"), section).expect("a file");
        self.succeeds(&["tenant", "add", "live.toml"]).await;
    }

    /// Starts the sidecar.
    pub(crate) async fn start(&mut self) {
        let environment = self.environment("trace");
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.process = self.home.try_start(&environment).await;
        assert!(self.process.is_some(), "{}", self.home.log());
    }

    /// Stops it, and takes up what it wrote.
    pub(crate) async fn stop(&mut self) {
        let process = self.process.take().expect("it runs");
        self.evidence.add("the output of the sidecar", process.stop().await);
    }

    /// Takes up what the sidecar has logged.
    pub(crate) fn take_up_the_log(&self) {
        self.evidence.add("the log of the sidecar", self.home.log());
    }

    /// Takes up the files of the store as they are, a back-up of it, and whatever was left behind.
    pub(crate) fn take_up_files(&self, when: &str) {
        self.evidence.add_files(&format!("the store {when}"), &self.home.disk());
        self.evidence.add_files(&format!("temporary files {when}"), &self.path("tmp"));
        let backup = fs::read(self.path(BACKUP)).expect("a back-up");
        self.evidence.add_with_words("the back-up", backup);
    }

    /// A file beside the store's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// An application of the tenant.
    pub(crate) fn application(&self) -> Application {
        Application { address: self.application, key: APPLICATION_KEY.to_owned() }
    }

    fn environment(&self, log: &str) -> Vec<(&'static str, String)> {
        let secrets = SECRETS.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let tmp = self.path("tmp").display().to_string();
        secrets.chain([("BATON_LOG", log.to_owned()), ("TMPDIR", tmp)]).collect()
    }

    /// Sends a request, takes up the answer to it, and returns that.
    pub(crate) async fn asks(
        &self,
        server: SocketAddr,
        request: (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let answer = self.asks_to_see(server, request, headers, body).await;
        let name = format!("the answer {} to {} {}", answer.status, request.0, request.1);
        self.evidence.add(&name, format!("{:?}", answer.headers));
        self.evidence.add(&name, answer.body.clone());
        answer
    }

    /// Sends a request whose answer is for whoever asks.
    pub(crate) async fn asks_to_see(
        &self,
        server: SocketAddr,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        http1::exchange(server, &http1::request(method, path, &headers, body)).await
    }

    /// A command of the sidecar's user, in the folder of the configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.path("."))
            .envs(self.environment("trace"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end, and takes up what it says.
    pub(crate) async fn runs(&self, name: &str, command: &mut Command, input: &str) -> Ended {
        let ended = self.runs_that_shows(name, command, input).await;
        self.evidence.add(&format!("the output of {name}"), ended.output.clone());
        ended
    }

    /// The same of one whose output is to be seen by whoever asked, and by nobody else.
    pub(crate) async fn runs_that_shows(
        &self,
        name: &str,
        command: &mut Command,
        input: &str,
    ) -> Ended {
        let mut child = command.spawn().expect("the binary starts");
        let mut into = child.stdin.take().expect("its input");
        // One that is refused does not read.
        let _ = into.write_all(input.as_bytes()).await;
        drop(into);
        let output = child.wait_with_output().await.expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let errors = text(output.stderr);
        self.evidence.add(&format!("the errors of {name}"), errors.clone());
        assert!(!errors.contains("panicked"), "{name}: {errors}");
        Ended { status: output.status, output: text(output.stdout), errors }
    }

    /// Runs a command that does what it is asked for.
    pub(crate) async fn succeeds(&self, arguments: &[&str]) -> Ended {
        let name = arguments.join(" ");
        let ended = self.runs(&name, &mut self.command(arguments), "").await;
        assert!(ended.status.success(), "{name}: {}{}", ended.output, ended.errors);
        ended
    }

    /// Asks the sidecar something by a command.
    pub(crate) async fn operates(&self, arguments: &[&str]) -> Ended {
        let url = format!("http://{}", self.internal);
        self.succeeds(&[arguments, &["--sidecar", &url]].concat()).await
    }
}

/// All that must not be seen, as far as it is known beforehand.
pub(crate) fn marked() -> Vec<Marked> {
    let of_envoy = ENVIRONMENT.iter().filter_map(|name| Some((*name, environment(name)?)));
    let mut marked: Vec<_> = SECRETS
        .iter()
        .map(|(name, value)| Marked::secret(name, value))
        .chain(of_envoy.map(|(name, value)| Marked::secret(name, &value)))
        .collect();
    marked.push(Marked::secret("the token of the hostile Genesys", HOSTILE_TOKEN));
    marked.extend(words::ALL.map(|(name, text)| Marked::words(name, text)));
    marked
}

/// A secret by the name of its variable.
pub(crate) fn secret(name: &str) -> &'static str {
    let found = SECRETS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} is a secret of the stage")).1
}

/// The tenant that Envoy lists; it looks the others up.
pub(crate) fn listed() -> Map<String, Value> {
    let tenants = json!([{
        "account_id": "acme", "project_id": "support", "client_env": "sandbox",
        "signature_secrets": [{"env": "GENESYS_WEBHOOK_SECRET_SANDBOX"}],
        "api_keys": [{"env": "GENESYS_API_KEY_SANDBOX"}],
    }]);
    Map::from_iter([("tenants".to_owned(), tenants)])
}

/// The head of a tenant's section.
fn tenant(client_env: &str, integration: &str, prefix: &str) -> String {
    format!(
        "[[tenants]]\naccount_id = 'acme'\nproject_id = 'support'\nclient_env = '{client_env}'\n\
         integration_id = '{integration}'\nhosts = ['{HOST}']\n\
         connector_tokens = [{{ env = '{prefix}CONNECTOR_TOKEN' }}]\n\
         api_keys = [{{ env = '{prefix}APPLICATION_KEY' }}]\n"
    )
}

/// How a tenant reaches its Genesys.
fn genesys(address: SocketAddr, client: &str, secret: &str) -> String {
    format!(
        "[tenants.genesys]\nbase_url = 'http://{address}'\nclient_id = '{client}'\n\
         client_secret = {{ env = '{secret}' }}\n"
    )
}

/// The section of the tenant in the store, but for its bot and its endpoint.
fn in_store(address: SocketAddr) -> String {
    tenant("live", INTEGRATION, "")
        + "[tenants.edge]\nsignature_secrets = [{ env = 'SIGNATURE_SECRET' }]\n\
           api_keys = [{ env = 'EVENT_KEY' }]\n"
        + &genesys(address, CLIENT, "GENESYS_SECRET")
        + "token_credentials = [{ env = 'TOKEN_CREDENTIAL' }]\n\
           handoff_credentials = [{ env = 'HANDOFF_CREDENTIAL' }]\n\
           [tenants.genesys.handoff]\nagent_name = 'full'\n"
}

/// What stands in the file but for the listeners.
fn in_file(address: SocketAddr, hostile: SocketAddr) -> String {
    "store.master_key = { env = 'MASTER_KEY' }\n\
     internal.look_up_credentials = [{ env = 'BATON_LOOK_UP_CREDENTIAL' }]\n"
        .to_owned()
        + &tenant("sandbox", SANDBOX_INTEGRATION, "SANDBOX_")
        + &genesys(hostile, "client-of-a-hostile-org", "HOSTILE_GENESYS_SECRET")
        + "[tenants.genesys.handoff]\nstart = 'first_message'\n"
        + &format!(
            "[[tenants.webhooks]]\nurl = 'http://{hostile}/hook'\nallow_private = true\n\
             secret = {{ env = 'HOSTILE_WEBHOOK_SECRET' }}\n"
        )
        + &refused_tenant(address)
}

/// A tenant whose OAuth client Genesys does not know by this secret.
fn refused_tenant(address: SocketAddr) -> String {
    let of_nobody = "00000000-7f31-4a6b-9c44-0e5d8a7b6c10";
    tenant("locked-out", of_nobody, "REFUSED_").replace("api_keys", "# api_keys")
        + &genesys(address, "client-of-nobody", "WRONG_GENESYS_SECRET")
        + "[tenants.genesys.handoff]\nstart = 'first_message'\n"
}
