//! What goes wrong at the command line: secrets in the wrong place, configurations and tenants that
//! are none, a wrong key, a port that is taken, a Genesys that refuses.

use std::fs;

use baton_tests::sidecar::ADMIN_CREDENTIAL;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    marked::Marked,
    stage::{CLIENT, Stage, TENANT, secret},
};

/// What somebody writes where no secret belongs.
const MISPLACED: &str = "Mp3-a-secret/in+the wrong place";

/// A key, but not that of the store.
const WRONG_KEY: &str = "YW5vdGhlciBtYXN0ZXIga2V5LCBvZiAzMiBieXRlcyE";

pub(crate) fn marked() -> [Marked; 2] {
    [
        Marked::secret("a secret in the wrong place", MISPLACED),
        Marked::secret("a key of another store", WRONG_KEY),
    ]
}

/// Runs a command that cannot do what it is asked for.
async fn fails(stage: &Stage, name: &str, command: &mut Command, input: &str) {
    let ended = stage.runs(name, command, input).await;
    assert!(!ended.status.success(), "{name}: {}", ended.output);
}

/// The commands that read a configuration.
const READERS: [&[&str]; 5] = [
    &["config", "check"],
    &["serve"],
    &["check"],
    &["tenant", "list"],
    &["tenant", "add", "live.toml"],
];

/// Every command that reads a configuration reads some that are wrong.
pub(crate) async fn wrong_configurations(stage: &Stage) {
    let right = fs::read_to_string(stage.path("baton.toml")).expect("the configuration");
    let tenant = fs::read_to_string(stage.path("live.toml")).expect("a tenant");
    let master_key = "{ env = 'MASTER_KEY' }";
    let token = "{ env = 'SANDBOX_CONNECTOR_TOKEN' }";
    let wrong = [
        ("a literal secret", right.replace(token, &format!("'{MISPLACED}'"))),
        ("a literal key", right.replace(master_key, &format!("'{MISPLACED}'"))),
        ("a list", right.replace(master_key, &format!("['{MISPLACED}']"))),
        ("a name", right.replace(token, &format!("{{ env = '{MISPLACED}' }}"))),
        ("a digest", right.replace(token, &format!("{{ sha256 = '{MISPLACED}' }}"))),
        ("a file", right.replace(token, &format!("{{ value = '{MISPLACED}' }}"))),
        ("a text without end", right.replace(token, &format!("'{MISPLACED}"))),
        ("a word alone", right.replace(token, MISPLACED)),
        ("a number", format!("chat.most_sockets = '{MISPLACED}'\n{right}")),
        ("a choice", format!("internal.socket_mode = '{MISPLACED}'\n{right}")),
        ("a place to listen", format!("edge.listen = '{MISPLACED}'\n{right}")),
        ("twice", right.replace(token, &format!("'{MISPLACED}', '{MISPLACED}'"))),
    ];
    for (number, (name, text)) in wrong.iter().enumerate() {
        assert_ne!(*text, right, "{name}");
        let file = format!("wrong-{number}.toml");
        fs::write(stage.path(&file), text).expect("a file");
        for command in READERS {
            let arguments = [command, &["--config", &file]].concat();
            let name = format!("{} with {name}", command.join(" "));
            let ended = stage.runs(&name, &mut stage.command(&arguments), "").await;
            assert_eq!(ended.status.code(), Some(64), "{name}: {}{}", ended.output, ended.errors);
            assert!(ended.errors.contains("configuration: "), "{name}: {}", ended.errors);
            assert!(!ended.errors.contains("BATON_ADMIN_CREDENTIAL"), "{}", ended.errors);
        }
    }
    wrong_tenants(stage, &tenant).await;
    wrong_variables(stage).await;
}

/// Tenants that are none, for a sidecar that runs.
async fn wrong_tenants(stage: &Stage, right: &str) {
    let url = format!("http://{}", stage.internal);
    let value = "{ env = 'GENESYS_SECRET' }";
    for (name, text) in [
        ("a literal secret", right.replace(value, &format!("'{MISPLACED}'"))),
        ("a name", right.replace(value, &format!("{{ env = '{MISPLACED}' }}"))),
        ("a value", right.replace(value, &format!("{{ value = '{MISPLACED}', more = 1 }}"))),
        ("a text without end", right.replace(value, &format!("\"{MISPLACED}"))),
        ("an unknown key", format!("{right}\n'{}' = 1", "unknown")),
        ("no tenant", MISPLACED.to_owned()),
    ] {
        let name = format!("tenant add with {name}");
        let mut command = stage.command(&["tenant", "add", "-", "--sidecar", &url]);
        fails(stage, &name, &mut command, &text).await;
    }
    let begin = ["tenant", "rotate", TENANT, "--secret-from-stdin", "--sidecar", &url];
    let mut command = stage.command(&begin);
    fails(stage, "tenant rotate to the same", &mut command, secret("SIGNATURE_SECRET")).await;
}

/// Variables that hold what they should not, and options with a secret in the place of a name.
async fn wrong_variables(stage: &Stage) {
    for (variable, value) in [
        ("BATON__STORE__MASTER_KEY", MISPLACED),
        ("MASTER_KEY", MISPLACED),
        ("MASTER_KEY", ""),
        ("BATON__CHAT__MOST_SOCKETS", MISPLACED),
        ("BATON__INTERNAL__ADMIN_CREDENTIALS", MISPLACED),
        ("BATON__TENANTS__0__GENESYS", MISPLACED),
        ("BATON__CHAT__UNKNOWN", MISPLACED),
        ("BATON_DELIVERY_CREDENTIAL", ADMIN_CREDENTIAL),
        ("BATON_LOG", "baton=Mp3-a-secret/in+the wrong place"),
    ] {
        for arguments in [&["serve"][..], &["config", "check"]] {
            let name = format!("{} with {variable} set wrong", arguments.join(" "));
            let mut command = stage.command(arguments);
            command.env(variable, value);
            stage.runs(&name, &mut command, "").await;
        }
    }
    let url = format!("http://{}", stage.internal);
    for arguments in [
        &["dead-letter", "list", "--sidecar", &url, "--credential-env", MISPLACED][..],
        &["tenant", "list", "--sidecar", &url, "--credential-env", MISPLACED],
        &["check", "--sidecar", &url, "--credential-env", MISPLACED],
        &["store", "rotate-key", "--new-key-env", MISPLACED],
        &["sign", "--secret-env", MISPLACED, "live.toml"],
        &["inspect", "--secret-env", MISPLACED, "live.toml"],
    ] {
        let name = format!("{} with a secret in the place of a name", arguments[..2].join(" "));
        stage.runs(&name, &mut stage.command(arguments), "").await;
    }
    let mut command = stage.command(&["dead-letter", "list", "--sidecar", &url]);
    command.env("BATON_ADMIN_CREDENTIAL", MISPLACED);
    fails(stage, "dead-letter list without right", &mut command, "").await;
}

/// Set-up with an OAuth client that is refused, at a Genesys that echoes, and with secrets in the
/// wrong place; and once as it should be. The token that it made.
pub(crate) async fn set_up(stage: &Stage) -> Marked {
    let (genesys, hostile) = (
        format!("http://{}", stage.genesys.address()),
        format!("http://{}", stage.hostile.address),
    );
    let usual = [
        "--tenant",
        "acme/support/next",
        "--integration",
        "Next",
        "--queue",
        "Next agents",
        "--flow",
        "Inbound flow",
        "--public-url",
        "http://127.0.0.1:9",
        "--json",
    ];
    for (name, address, variable) in [
        ("a wrong client secret", &genesys, "WRONG_GENESYS_SECRET"),
        ("a Genesys that echoes", &hostile, "HOSTILE_GENESYS_SECRET"),
        ("a secret in the place of a name", &genesys, MISPLACED),
    ] {
        let client = [
            "setup",
            "--base-url",
            address,
            "--client-id",
            CLIENT,
            "--client-secret-env",
            variable,
        ];
        for further in [&[][..], &["--apply", "--yes"]] {
            let arguments = [&client[..], &usual, further].concat();
            let name = format!("setup with {name}");
            fails(stage, &name, &mut stage.command(&arguments), "").await;
        }
    }
    let with_secret =
        format!("http://user:{}@127.0.0.1:9", "Mp3-a-secret%2Fin%2Bthe%20wrong%20place");
    for (option, other) in [("--base-url", "--public-url"), ("--public-url", "--base-url")] {
        let arguments = [
            "setup",
            option,
            &with_secret,
            other,
            &genesys,
            "--client-id",
            CLIENT,
            "--client-secret-env",
            "GENESYS_SECRET",
            "--tenant",
            "acme/support/next",
            "--integration",
            "Next",
        ];
        stage
            .runs(&format!("setup with a secret in {option}"), &mut stage.command(&arguments), "")
            .await;
    }
    let sidecar = format!("http://{}", stage.internal);
    let arguments = [
        &["setup", "--base-url", &genesys, "--client-id", CLIENT, "--client-secret-env"][..],
        &["GENESYS_SECRET", "--webhook-secret-env", "NEXT_SIGNATURE_SECRET", "--apply", "--yes"],
        &["--store", "--sidecar", &sidecar],
        &usual,
    ]
    .concat();
    let set_up = stage.runs_that_shows("setup", &mut stage.command(&arguments), "").await;
    assert!(set_up.status.success(), "{}{}", set_up.output, set_up.errors);
    let said: Value = serde_json::from_str(&set_up.output).expect("JSON");
    stage.operates(&["tenant", "show", "acme/support/next"]).await;
    let made = said["secrets"]["ACME_SUPPORT_NEXT_CONNECTOR_TOKEN"].as_str().expect("a token");
    Marked::secret("the connector token that was made", made)
}

/// What only a stopped sidecar lets one try.
pub(crate) async fn of_a_stopped_sidecar(stage: &Stage) {
    for arguments in [&["serve"][..], &["tenant", "list"], &["tenant", "show", TENANT]] {
        let name = format!("{} with a wrong master key", arguments.join(" "));
        let mut command = stage.command(arguments);
        command.env("MASTER_KEY", WRONG_KEY);
        fails(stage, &name, &mut command, "").await;
    }
    let taken = std::net::TcpListener::bind(stage.chat).expect("the port");
    fails(stage, "serve on a port that is taken", &mut stage.command(&["serve"]), "").await;
    drop(taken);
    let tls = stage.path("tls.pem");
    let block = |name: &str| format!("-----BEGIN {name}-----\n{MISPLACED}\n-----END {name}-----\n");
    fs::write(&tls, block("CERTIFICATE") + &block("PRIVATE KEY")).expect("a file");
    let mut command = stage.command(&["serve"]);
    command.env("BATON__OBSERVATION__TLS__KEY", &tls);
    command.env("BATON__OBSERVATION__TLS__CERTIFICATE", &tls);
    fails(stage, "serve with a key that is none", &mut command, "").await;
    let mut command = stage.command(&["store", "rotate-key", "--new-key-env", "NEW_KEY"]);
    command.env("NEW_KEY", WRONG_KEY);
    let rotated = stage.runs("store rotate-key", &mut command, "").await;
    assert!(rotated.status.success(), "{}", rotated.errors);
}
