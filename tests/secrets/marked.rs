//! What must not be seen: secrets, and what people write. And the forms in which it would be seen.

use std::{collections::HashSet, fmt::Write as _};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Of what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It stands nowhere in the clear, not in the store either.
    Secret,
    /// What a person writes, or what opens that: the store keeps it.
    Words,
}

/// A text by which a leak is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    /// What it is, to name what leaks.
    pub(crate) name: String,
    /// Of what kind.
    pub(crate) kind: Kind,
    text: String,
}

impl Marked {
    pub(crate) fn secret(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::Secret, text: text.to_owned() }
    }

    pub(crate) fn words(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::Words, text: text.to_owned() }
    }

    /// The forms in which it would be seen, each with what to call it.
    pub(crate) fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut forms = forms(self.text.as_bytes());
        // What is used of some secrets is what they are the base64 of.
        let encoded = self.text.strip_prefix("whsec_").unwrap_or(&self.text).trim_end_matches('=');
        let decoded = [STANDARD_NO_PAD.decode(encoded), URL_SAFE_NO_PAD.decode(encoded)];
        for key in decoded.into_iter().flatten().filter(|key| key.len() >= 16) {
            let of_key = self::forms(&key).into_iter();
            forms.extend(of_key.filter(|(form, _)| !form.starts_with("base64")));
        }
        let mut seen = HashSet::new();
        forms.retain(|(_, bytes)| seen.insert(bytes.clone()));
        forms
    }
}

fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("as it is", bytes.to_vec()),
        ("in hex", each(bytes, |text, byte| write!(text, "{byte:02x}"))),
        ("in hex of capitals", each(bytes, |text, byte| write!(text, "{byte:02X}"))),
        ("percent-encoded", each(bytes, percent)),
        ("percent-encoded as in a form", each(bytes, percent_in_form)),
        ("as a list of numbers", numbers(bytes)),
    ];
    for before in 0..3 {
        forms.push(("base64", base64(bytes, before, &STANDARD_NO_PAD)));
        forms.push(("base64 for URLs", base64(bytes, before, &URL_SAFE_NO_PAD)));
    }
    forms
}

fn each(bytes: &[u8], form: impl Fn(&mut String, u8) -> std::fmt::Result) -> Vec<u8> {
    let mut text = String::new();
    for byte in bytes {
        form(&mut text, *byte).expect("a text takes it");
    }
    text.into_bytes()
}

fn percent(text: &mut String, byte: u8) -> std::fmt::Result {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            write!(text, "{}", char::from(byte))
        }
        _ => write!(text, "%{byte:02X}"),
    }
}

fn percent_in_form(text: &mut String, byte: u8) -> std::fmt::Result {
    if byte == b' ' { write!(text, "+") } else { percent(text, byte) }
}

/// As Rust prints bytes.
fn numbers(bytes: &[u8]) -> Vec<u8> {
    let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
    numbers.join(", ").into_bytes()
}

/// What base64 makes of it behind so many other bytes, without the ends that depend on what is
/// around it.
fn base64(bytes: &[u8], before: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let text = engine.encode([&b"xx"[..before], bytes].concat()).into_bytes();
    text[[0, 2, 3][before]..(before + bytes.len()) / 3 * 4].to_vec()
}
