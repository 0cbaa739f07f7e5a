//! `baton sign`: the signature that Genesys would put on a webhook.

use std::io::{self, Read};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

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
    let body = arguments.body.open()?;
    let code = authentication_code(&secret, body).map_err(|e| arguments.body.unreadable(e))?;
    output::line(&if arguments.hex { hex(&code) } else { base64(&code) })?;
    Ok(Outcome::Done)
}

/// The signature as Genesys writes it (Genesys reference, 2.1).
pub(crate) fn base64(code: &[u8; 32]) -> String {
    format!("sha256={}", STANDARD.encode(code))
}

fn hex(code: &[u8; 32]) -> String {
    code.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The HMAC-SHA256 of the body under the secret's UTF-8 bytes. The body is read in pieces, so
/// that its size does not matter.
pub(crate) fn authentication_code(secret: &str, mut body: impl Read) -> io::Result<[u8; 32]> {
    let mut code = Hmac::<Sha256>::new(&block(secret).into());
    let mut piece = [0; 16 * 1024];
    loop {
        match body.read(&mut piece) {
            Ok(0) => return Ok(code.finalize().into_bytes().into()),
            Ok(length) => code.update(piece.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A key is filled up to the hash's block, and hashed first if it is longer (RFC 2104, 2).
fn block(secret: &str) -> [u8; 64] {
    let mut block = [0; 64];
    let digest;
    let key = if secret.len() > block.len() {
        digest = Sha256::digest(secret);
        digest.as_slice()
    } else {
        secret.as_bytes()
    };
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    block
}
