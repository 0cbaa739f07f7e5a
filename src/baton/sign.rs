//! `baton sign`: the signature that Genesys would put on a webhook.

use baton_core::signature::SigningKey;
use clap::Args;

use crate::{Outcome, body::BodyArgument, failure::Failure, output, secret::SecretArgument};

/// Print the signature of a webhook body, as Genesys sends it in X-Hub-Signature-256.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Sign a file:
    export GENESYS_WEBHOOK_SECRET='...'
    baton sign --secret-env GENESYS_WEBHOOK_SECRET body.json

  Send what was signed. --data-binary keeps the bytes, --data would change them:
    curl http://127.0.0.1:10000/webhooks/genesys/acme/support/live/events \\
      -H 'content-type: application/json' \\
      -H \"X-Hub-Signature-256: $(baton sign --secret-env GENESYS_WEBHOOK_SECRET body.json)\" \\
      --data-binary @body.json

  A text from the shell: printf, because echo adds a line break and so another signature:
    printf %s '{\"type\":\"Text\"}' | baton sign --secret-env GENESYS_WEBHOOK_SECRET")]
pub(crate) struct Arguments {
    #[command(flatten)]
    secret: SecretArgument,

    /// Write hexadecimal in the place of base64. The edge reads both; Genesys sends base64
    #[arg(long)]
    hex: bool,

    #[command(flatten)]
    body: BodyArgument,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let secret = arguments.secret.read()?;
    let body = arguments.body.read(u64::MAX)?;
    let signature = SigningKey::new(&secret).sign(&body);
    output::line(&if arguments.hex { signature.to_hex() } else { signature.to_base64() })?;
    Ok(Outcome::Done)
}
