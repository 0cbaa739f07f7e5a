//! A service that Envoy's filter `ext_authz` asks over HTTP: it verifies, and does nothing else.

use std::{env, net::SocketAddr, process::Command};

use axum::{
    Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::net::TcpListener;

use super::{BUFFER_BYTES, Stage};
use crate::{Result, webhook::SECRET};

/// The service, as a process of this program.
pub(super) fn command(stage: &Stage<'_>, address: SocketAddr) -> Result<Command> {
    let mut command = stage.pinning.server(&env::current_exe()?);
    command.args(["authorization", &address.to_string()]);
    Ok(command)
}

/// Serves at this address, on this thread alone, until the process is ended.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        let limit = DefaultBodyLimit::max(BUFFER_BYTES as usize);
        Ok(axum::serve(listener, Router::new().fallback(answer).layer(limit)).await?)
    })
}

async fn answer(headers: HeaderMap, body: Bytes) -> StatusCode {
    match is_signed(&headers, &body) {
        Some(true) => StatusCode::OK,
        _ => StatusCode::UNAUTHORIZED,
    }
}

fn is_signed(headers: &HeaderMap, body: &[u8]) -> Option<bool> {
    let given = headers.get("x-hub-signature-256")?.to_str().ok()?.strip_prefix("sha256=")?;
    let given = STANDARD.decode(given).ok()?;
    let mut keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).ok()?;
    keyed.update(body);
    Some(keyed.verify_slice(&given).is_ok())
}
