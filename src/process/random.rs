//! Chance, passed in so that a test decides what falls.

use std::{fmt, sync::Arc};

use uuid::{Builder, Uuid};

/// Why no random bytes could be had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes; check that getrandom(2) is allowed here")]
pub struct RandomError;

type Fill = dyn Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync;

/// Gives random bytes. Clones share the source.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

impl Random {
    /// The operating system's randomness, fit for keys.
    pub fn system() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).map_err(|_| RandomError))
    }

    /// Randomness that the function fills in.
    pub fn new(
        fill: impl Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(fill))
    }

    /// So many random bytes.
    ///
    /// # Errors
    ///
    /// [`RandomError`] where the source has none.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }

    /// A UUID of version 4.
    ///
    /// # Errors
    ///
    /// [`RandomError`] where the source has none.
    pub fn uuid(&self) -> Result<Uuid, RandomError> {
        Ok(Builder::from_random_bytes(self.bytes()?).into_uuid())
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Random")
    }
}
