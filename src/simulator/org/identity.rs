//! The ids that the org makes up.

use sha2::{Digest, Sha256};

/// A source of ids that look random and follow from a seed.
#[derive(Debug)]
pub(crate) struct IdSource {
    seed: u64,
    taken: u64,
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, taken: 0 }
    }

    /// A new UUID.
    pub(crate) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// A new message id: 32 lower-case hexadecimal digits (Genesys reference 2.3).
    pub(crate) fn message_id(&mut self) -> String {
        uuid::Uuid::from_bytes(self.bytes()).simple().to_string()
    }

    fn bytes(&mut self) -> [u8; 16] {
        self.taken += 1;
        let digest = Sha256::digest(format!("{}/{}", self.seed, self.taken));
        let mut bytes = [0; 16];
        for (place, byte) in bytes.iter_mut().zip(digest) {
            *place = byte;
        }
        bytes
    }
}
