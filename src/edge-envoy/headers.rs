//! Headers in the form in which they cross to the host and back: how many they are, the two lengths
//! of each, and then the texts, each with a zero behind it. The numbers are of four bytes, the
//! lowest first.

/// A header: its name, in lower case, and its value.
pub(crate) type Header<'h> = (&'h str, &'h [u8]);

/// Reads what the host wrote. `None`, if it is cut short or has a name that is no text: no host
/// writes that.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<Header<'_>>> {
    let (count, rest) = number(bytes)?;
    let (mut lengths, mut texts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut next = || {
        let (length, rest) = number(lengths)?;
        lengths = rest;
        let (text, rest) = texts.split_at_checked(length)?;
        texts = rest.get(1..)?;
        Some(text)
    };
    (0..count).map(|_| Some((str::from_utf8(next()?).ok()?, next()?))).collect()
}

/// Writes what the host reads.
pub(crate) fn write<'h>(headers: impl Iterator<Item = Header<'h>> + Clone) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let (mut count, mut length) = (0, 4);
    for (name, value) in headers.clone() {
        count += 1;
        length += name.len() + value.len() + 10;
    }
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&number(count));
    for (name, value) in headers.clone() {
        bytes.extend_from_slice(&number(name.len()));
        bytes.extend_from_slice(&number(value.len()));
    }
    for text in headers.flat_map(|(name, value)| [name.as_bytes(), value]) {
        bytes.extend_from_slice(text);
        bytes.push(0);
    }
    bytes
}

/// The number at the beginning, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}
