//! What the log says of a key-value store that fails. Webhooks go on without it: their tenants are
//! looked up more often.

use std::fmt::Display;

/// Says so, and goes on as if nothing were kept.
pub(crate) fn cannot_be_read(error: impl Display) -> Option<Vec<u8>> {
    eprintln!(
        "baton: the key-value store cannot be read: {error}: see key_value_stores in spin.toml"
    );
    None
}

/// Says so, and goes on.
pub(crate) fn cannot_be_written(error: impl Display) {
    eprintln!(
        "baton: the key-value store cannot be written: {error}: see key_value_stores in spin.toml"
    );
}
