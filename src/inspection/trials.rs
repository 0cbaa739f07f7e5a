//! The ways in which a signature, a body or a secret changes on its way, each undone and tried.

use std::borrow::Cow;

use baton_core::signature::{Signature, SignatureProblem, SigningKeys};
use serde::Serialize;

use crate::{
    explanation::Request,
    json_text::{without_blanks, without_escapes},
};

/// One thing that may have changed, undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// With what the signature was tried, such as "the body without the line break at its end".
    pub with: &'static str,
    /// Whether it holds so.
    pub holds: bool,
    /// What has happened if it does, and what to do.
    #[serde(skip)]
    pub(crate) why: &'static str,
}

/// Tries what may explain this problem. Without a secret nothing is tried.
pub(crate) fn of_signature(
    problem: SignatureProblem,
    request: &Request<'_>,
    keys: Option<&SigningKeys>,
) -> Vec<Trial> {
    let own = SigningKeys::new(request.secrets.iter().map(String::as_str));
    let keys = match (keys, request.secrets) {
        (Some(keys), _) => keys,
        (None, []) => return Vec::new(),
        (None, _) => &own,
    };
    let value = request.webhook.signature.unwrap_or_default();
    if problem != SignatureProblem::Mismatch {
        return of_value(problem, value, |signature| keys.verify(request.webhook.body, signature));
    }
    let Some(signature) = read(value) else { return Vec::new() };
    let of_body = BODIES.iter().map(|Undone { with, why, undo }| Trial {
        with,
        why,
        holds: undo(request.webhook.body).is_some_and(|body| keys.verify(&body, &signature)),
    });
    let of_secret = SECRETS.iter().map(|Undone { with, why, undo }| {
        let secrets: Vec<Cow<'_, str>> = request.secrets.iter().filter_map(undo).collect();
        let keys = SigningKeys::new(secrets.iter().map(|secret| &**secret));
        Trial { with, why, holds: keys.verify(request.webhook.body, &signature) }
    });
    let of_secret = of_secret.filter(|_| !request.secrets.is_empty());
    of_body.chain(of_secret).collect()
}

/// A change, undone.
struct Undone<F: 'static> {
    with: &'static str,
    why: &'static str,
    undo: F,
}

/// The bytes as they were before, if they can have changed so.
type UndoneBody = fn(&[u8]) -> Option<Cow<'_, [u8]>>;

/// The secret as it was before, if it can have changed so.
type UndoneSecret = fn(&String) -> Option<Cow<'_, str>>;

static BODIES: [Undone<UndoneBody>; 7] = [
    Undone {
        with: "the body without the line break at its end",
        why: "the signature is that of the body without the line break at its end: echo and many \
              editors add one; use printf %s, or curl's --data-binary",
        undo: |body| {
            let without = body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n"))?;
            Some(without.into())
        },
    },
    Undone {
        with: "the body with a line break at its end",
        why: LOST_LINE_BREAK,
        undo: |body| Some([body, b"\n"].concat().into()),
    },
    Undone {
        with: "the body with CR LF at its end",
        why: LOST_LINE_BREAK,
        undo: |body| Some([body, b"\r\n"].concat().into()),
    },
    Undone {
        with: "the body without the byte order mark at its beginning",
        why: "the signature is that of the body without the byte order mark at its beginning; \
              save it without one",
        undo: |body| body.strip_prefix(b"\xef\xbb\xbf").map(Cow::Borrowed),
    },
    Undone {
        with: "the body with LF in the place of CR LF",
        why: "the signature is that of the body with other line breaks: something has written \
              CR LF in the place of LF; keep every byte",
        undo: |body| changed(body, |text| text.replace("\r\n", "\n")),
    },
    Undone {
        with: "the same JSON without blanks between its parts",
        why: "the signature is that of the same JSON without blanks between its parts: something \
              has laid it out anew; verify the bytes as they were received",
        undo: |body| changed(body, without_blanks),
    },
    Undone {
        with: "the same JSON without blanks, and with its characters in place of escapes",
        why: "the signature is that of the same JSON with its characters written out: something \
              has parsed it and written it again, with \\u escapes; verify the bytes as they were \
              received",
        undo: |body| {
            let without_blanks = without_blanks(std::str::from_utf8(body).ok()?);
            let written = without_escapes(&without_blanks);
            (written != without_blanks).then(|| written.into_bytes().into())
        },
    },
];

const LOST_LINE_BREAK: &str = "the signature is that of the body with a line break at its end, \
    which has got lost; keep every byte, as curl's --data-binary does";

static SECRETS: [Undone<UndoneSecret>; 2] = [
    Undone {
        with: "the secret without the blanks around it",
        why: "the signature matches the secret without the blanks around it; take them away where \
              the secret is kept",
        undo: |secret| Some(secret.trim().into()),
    },
    Undone {
        with: "the secret with a line break after it",
        why: "the signature was made with the secret and a line break after it: whatever signed \
              it read the secret from a file with one",
        undo: |secret| Some(format!("{secret}\n").into()),
    },
];

/// The body as the text that it becomes, if that is another one.
fn changed(body: &[u8], change: impl Fn(&str) -> String) -> Option<Cow<'_, [u8]>> {
    let text = std::str::from_utf8(body).ok()?;
    let changed = change(text);
    (changed != text).then(|| changed.into_bytes().into())
}

/// Tries the value of the header put right.
fn of_value(
    problem: SignatureProblem,
    value: &str,
    holds: impl Fn(&Signature) -> bool,
) -> Vec<Trial> {
    let try_any = |with, values: Vec<String>| {
        let holds =
            values.iter().filter_map(|value| read(value)).any(|signature| holds(&signature));
        vec![Trial { with, holds, why: "Put right, it holds for this body and this secret" }]
    };
    match problem {
        SignatureProblem::CommaJoined => {
            let parts = value.split(',').map(|part| part.trim().to_owned());
            try_any("each of the values between the commas", parts.collect())
        }
        SignatureProblem::Whitespace => {
            let without = value.split_whitespace().collect();
            try_any("the value without the blanks inside", vec![without])
        }
        SignatureProblem::MissingPrefix => {
            let bare =
                value.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("sha256"));
            let encoded = bare.map_or(value, |(_, encoded)| encoded);
            try_any("the value with sha256= before it", vec![format!("sha256={encoded}")])
        }
        SignatureProblem::UrlSafeBase64 => {
            let standard = value.replace('-', "+").replace('_', "/");
            let padded = format!("{}=", standard.trim_end_matches('='));
            try_any("the value in the standard alphabet", vec![padded])
        }
        SignatureProblem::UnpaddedBase64 => {
            try_any("the value with = at its end", vec![format!("{value}=")])
        }
        SignatureProblem::Missing
        | SignatureProblem::Duplicate
        | SignatureProblem::Malformed
        | SignatureProblem::Mismatch => Vec::new(),
    }
}

fn read(value: &str) -> Option<Signature> {
    Signature::from_header([value.as_bytes()].into_iter()).ok()
}
