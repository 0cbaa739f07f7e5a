//! Secrets: the members of the document whose values stand elsewhere.

use alloc::{format, string::String, vec, vec::Vec};

use super::{Result, node::Node};
use crate::{
    json::Json,
    signature::{ADVISED_SECRET, SHORTEST_SECRET},
};

/// How deep in a document a secret may stand.
const DEEPEST: usize = 8;

/// Where secrets come from, and what is said about them.
pub(super) struct Secrets<'e> {
    pub(super) environment: &'e dyn Fn(&str) -> Option<String>,
    pub(super) may_be_inline: bool,
    pub(super) warnings: Vec<String>,
}

impl Secrets<'_> {
    /// A secret: `{"env": "NAME"}`, or the secret itself as a string where that is allowed.
    pub(super) fn read(&mut self, node: &Node<'_>) -> Result<String> {
        let secret = if node.is_text() {
            if !self.may_be_inline {
                return Err(node.error(
                    "a secret must not stand in this document: give {\"env\": \"NAME\"}, or set \
                     dangerous_inline_secrets",
                ));
            }
            node.text()?
        } else {
            node.allow_only(&["env"])?;
            let variable = node.required("env")?;
            (self.environment)(&variable.text()?).ok_or_else(|| {
                // Without the name: whoever writes the secret itself here would find it in a log.
                variable.error(
                    "there is no environment variable of this name, or the host does not pass it on",
                )
            })?
        };
        let length = secret.chars().count();
        if length < SHORTEST_SECRET {
            return Err(node.error(format!(
                "the secret has {length} characters: it needs at least {SHORTEST_SECRET}"
            )));
        }
        if length < ADVISED_SECRET {
            self.warnings.push(format!(
                "{}: the secret has {length} characters: {ADVISED_SECRET} or more are advised",
                node.member()
            ));
        }
        Ok(secret)
    }

    /// A secret that goes into a header.
    pub(super) fn read_header(&mut self, node: &Node<'_>) -> Result<String> {
        let secret = self.read(node)?;
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(node.error("it goes into a header: only visible ASCII"));
        }
        Ok(secret)
    }
}

/// Adds the names in each `{"env": "NAME"}` of a value. A member of another name may be nested
/// without end, and is not looked into for ever.
pub(super) fn names(value: Json<'_>, found: &mut Vec<String>) {
    let mut waiting = vec![(value, 0)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > DEEPEST {
            continue;
        }
        if let Some(object) = value.object() {
            found.extend(object.text("env").map(Into::into));
            waiting.extend(object.values().map(|value| (value, depth + 1)));
        } else if let Some(list) = value.list() {
            waiting.extend(list.into_iter().map(|value| (value, depth + 1)));
        }
    }
}
