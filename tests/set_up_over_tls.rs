//! Set-up and its check with a public address of https: the sidecar has the edge in its own process,
//! and a certificate of an authority that only this test knows.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{fs, process::Stdio};

use baton_simulator::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use baton_tests::{
    port::Port,
    process::{Home, binary},
    sidecar::{SIDECAR_ENVIRONMENT, head},
    simulator::{self, Simulator},
    wait::until,
};
use baton_tests_certificates::Authority;
use serde_json::{Value, json};
use tokio::process::Command;

const TENANT: &str = "acme/support/live";

/// What a command prints that does what it is asked for.
async fn done(home: &Home, environment: &[(&str, String)], arguments: &[&str]) -> String {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .current_dir(home.path("."))
        .envs(SIDECAR_ENVIRONMENT)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    let ended = command.output().await.expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (output, errors) = (text(ended.stdout), text(ended.stderr));
    assert!(ended.status.success(), "{}: {output}{errors}", arguments.join(" "));
    output
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_address_of_https_is_set_up_served_and_checked() {
    let ports = [(); 3].map(|()| Port::reserve());
    let [chat, internal, edge] = ports.each_ref().map(Port::address);
    let public_url = format!("https://{edge}");

    let (authority, certificates) = (Authority::new(), tempfile::tempdir().unwrap());
    let pair = authority.pair(certificates.path(), "IP:127.0.0.1");
    let mut org = simulator::configuration(edge);
    let pem = fs::read(authority.certificate()).unwrap();
    org.authorities = Some(baton_tls::authorities_in(&pem).unwrap());
    let genesys = Simulator::start_with(org).await;
    genesys.put("/control/v1/org", &json!({ "integrations_show_secrets": true })).await;

    let mut home = Home::with(|store| {
        head(store, chat, internal)
            + &format!(
                "store.master_key = {{ env = 'MASTER_KEY' }}\nedge.listen = '{edge}'\n\
                 edge.tls = {{ certificate = '{}', key = '{}' }}\n",
                pair.certificate.display(),
                pair.key.display(),
            )
    })
    .with_edge();
    let master_key = done(&home, &[], &["store", "new-key"]).await.trim().to_owned();
    let environment = [
        ("MASTER_KEY", master_key),
        ("CLIENT_SECRET", DEFAULT_CLIENT_SECRET.to_owned()),
        ("SSL_CERT_FILE", authority.certificate().display().to_string()),
    ];
    let base_url = format!("http://{}", genesys.address());
    let set_up = [
        &["setup", "--base-url", &base_url, "--client-id", DEFAULT_CLIENT_ID][..],
        &["--client-secret-env", "CLIENT_SECRET", "--public-url", &public_url],
        &["--tenant", TENANT, "--integration", "Web chat", "--queue", "Web chat agents"],
        &["--flow", "Inbound flow", "--apply", "--yes", "--store"],
    ]
    .concat();
    done(&home, &environment, &set_up).await;
    let process = home.try_start(&environment).await.unwrap_or_else(|| panic!("{}", home.log()));

    let sidecar = format!("http://{internal}");
    let check =
        ["check", "--public-url", &public_url, "--handoff", "--json", "--sidecar", &sidecar];
    let report: Value = serde_json::from_str(&done(&home, &environment, &check).await).unwrap();
    assert_eq!(report["outcome"], "passed", "{report:#}");

    // Genesys itself came by the same address: it told of the message of the handoff.
    let delivered = until("webhooks of Genesys", async || {
        let sendings = genesys.get("/control/v1/sendings").await;
        let sendings = sendings.as_array()?.clone();
        (!sendings.is_empty() && sendings.iter().all(|sending| sending["state"] != "pending"))
            .then_some(sendings)
    })
    .await;
    assert!(delivered.iter().all(|sending| sending["state"] == "delivered"), "{delivered:#?}");
    process.stop().await;
}
