//! Keeps what is looked up from whoever can read Spin's key-value store.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};

const NONCE_BYTES: usize = 24;

/// A seal: XChaCha20-Poly1305 under a key from a secret variable. What was kept under one name
/// cannot be passed off for another.
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    /// The seal of this secret.
    pub(crate) fn new(secret: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"baton-edge-spin key-value store");
        hash.update(secret);
        Self(XChaCha20Poly1305::new(&hash.finalize()))
    }

    /// The bytes as they are kept; `None` where the host gives no random bytes.
    pub(crate) fn close(&self, name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: bytes, aad: name.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was closed under this name and with this secret.
    pub(crate) fn open(&self, name: &str, kept: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = kept.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}
