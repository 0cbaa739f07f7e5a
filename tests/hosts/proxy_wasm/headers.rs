//! Headers as they go over the border: how many there are, two lengths for each, and then each name
//! and each value with a zero behind it.

/// Names in lower case and values, in their order.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// The headers of these texts.
pub fn pairs(headers: &[(&str, &str)]) -> Headers {
    headers.iter().map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into())).collect()
}

/// The first value of this name.
pub fn value_of<'h>(headers: &'h Headers, wanted: &str) -> Option<&'h [u8]> {
    let mut named = headers.iter().filter(|(name, _)| name == wanted.as_bytes());
    named.next().map(|(_, value)| value.as_slice())
}

/// Puts this value in the place of all that have the name.
pub(super) fn replace(headers: &mut Headers, name: &[u8], value: Option<&[u8]>) {
    headers.retain(|(known, _)| known != name);
    headers.extend(value.map(|value| (name.to_vec(), value.to_vec())));
}

pub(super) fn encode(headers: &Headers) -> Vec<u8> {
    let length = |bytes: &[u8]| super::length_of(bytes).to_le_bytes();
    let mut bytes = super::length_of(headers).to_le_bytes().to_vec();
    for (name, value) in headers {
        bytes.extend([length(name), length(value)].concat());
    }
    for (name, value) in headers {
        bytes.extend([name, &b"\0"[..], value, b"\0"].concat());
    }
    bytes
}

/// Reads headers; `None`, if these are none. No bytes at all are no headers.
pub(super) fn decode(bytes: &[u8]) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::new());
    }
    let (count, rest) = number(bytes)?;
    let (mut lengths, mut texts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut headers = Headers::new();
    while !lengths.is_empty() {
        let (name_length, rest) = number(lengths)?;
        let (value_length, rest) = number(rest)?;
        lengths = rest;
        let (name, rest) = text(texts, name_length)?;
        let (value, rest) = text(rest, value_length)?;
        texts = rest;
        headers.push((name.to_vec(), value.to_vec()));
    }
    texts.is_empty().then_some(headers)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn text(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\0")?))
}
