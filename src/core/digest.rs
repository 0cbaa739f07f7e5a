//! A SHA-256 as text.

/// The 32 bytes of which these are the 64 hexadecimal digits, in upper or lower case.
pub(crate) fn from_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let mut values = digits.iter().map(|digit| char::from(*digit).to_digit(16));
    let mut digest = [0; 32];
    for byte in &mut digest {
        *byte = u8::try_from(values.next()?? * 16 + values.next()??).ok()?;
    }
    values.next().is_none().then_some(digest)
}
