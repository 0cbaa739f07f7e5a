//! A message while it is put together.

use alloc::{borrow::Cow, vec::Vec};

use super::placeholders::Filler;
use crate::{
    delivery::{Unhandled, UnhandledKind},
    event::{Attachment, AttachmentContentType, Message, OfferedIn, ResponseSuggestion},
};

/// How many links a message has at most, and how many choices: more than anyone would look
/// through, and few enough that a delivery stays about as long as its webhook.
const MOST_LINKS: usize = 256;

pub(super) type Text<'a> = Cow<'a, str>;

/// A message in the making.
#[derive(Default)]
pub(super) struct Draft<'a> {
    /// The webhook's own text.
    text: Option<Text<'a>>,
    /// What the content adds to it, a line or more each.
    lines: Vec<Text<'a>>,
    attachments: Vec<Attachment<'a>>,
    suggestions: Vec<ResponseSuggestion<'a>>,
    /// Elements that nothing could be made of: the webhook's own text stands for them.
    unknown: Vec<Unhandled<'a>>,
    /// What must not pass, whatever else is shown.
    refused: Vec<Unhandled<'a>>,
    pub(super) filler: Filler,
}

impl<'a> Draft<'a> {
    /// A draft that begins with the webhook's own text.
    pub(super) fn new(text: Option<Text<'a>>) -> Self {
        Self { text: text.filter(|text| !is_blank(text)), ..Self::default() }
    }

    /// The message, if there is anything to show, and what could not be shown.
    pub(super) fn finish(
        self,
        message_id: Option<Text<'a>>,
    ) -> (Option<Message<'a>>, Vec<Unhandled<'a>>) {
        let mut unhandled = self.refused;
        if self.text.is_none() {
            unhandled.extend(self.unknown);
        }
        let mut lines: Vec<_> = self.text.into_iter().chain(self.lines).collect();
        let text = if lines.len() > 1 { Some(lines.join("\n").into()) } else { lines.pop() };
        let something =
            text.is_some() || !self.attachments.is_empty() || !self.suggestions.is_empty();
        let message = something.then_some(Message {
            message_id,
            text,
            attachments: self.attachments,
            response_suggestions: self.suggestions,
        });
        (message, unhandled)
    }

    /// Adds a line.
    pub(super) fn write(&mut self, line: Option<Text<'a>>) {
        self.lines.extend(line.filter(|line| !is_blank(line)));
    }

    /// Adds a question, unless it is just what the webhook's own text says: it is often sent
    /// in both places.
    pub(super) fn ask(&mut self, question: Option<&Text<'a>>) {
        self.write(question.filter(|question| !self.says(question)).cloned());
    }

    /// Whether the webhook's own text is this.
    pub(super) fn says(&self, text: &Text<'a>) -> bool {
        self.text.as_ref() == Some(text)
    }

    /// Adds an answer that can be given with one tap. One that says nothing goes by its payload.
    pub(super) fn suggest(
        &mut self,
        text: Option<&Text<'a>>,
        payload: Option<&Text<'a>>,
        offered_in: OfferedIn,
    ) {
        let Some(message_text) = text.filter(|text| !is_blank(text)).or(payload) else { return };
        if self.suggestions.len() >= MOST_LINKS {
            return self.refuse("QuickReply");
        }
        let (message_text, payload) = (message_text.clone(), payload.cloned());
        self.suggestions.push(ResponseSuggestion { message_text, payload, offered_in });
    }

    /// Adds a link as it is. Its URLs have to be of the web.
    pub(super) fn attach(&mut self, attachment: Attachment<'a>) {
        if self.attachments.len() >= MOST_LINKS {
            return self.refuse("Attachment");
        }
        self.attachments.push(attachment);
    }

    /// Adds a link with a title. A URL that must not pass leaves the title to be read.
    pub(super) fn link(
        &mut self,
        title: Option<&Text<'a>>,
        url: Option<&Text<'a>>,
        content_type: AttachmentContentType,
    ) {
        match url.filter(|url| is_web_url(url)) {
            Some(url) => self.attach(Attachment {
                title: title.cloned(),
                preview_image_url: None,
                content_url: Some(url.clone()),
                content_type,
                call_to_action_text: None,
            }),
            None => {
                self.write(title.cloned());
                self.refuse("Attachment");
            }
        }
    }

    /// Names an element that nothing can be made of.
    pub(super) fn miss(&mut self, type_name: Option<Text<'a>>) {
        self.unknown.push(unhandled(type_name));
    }

    /// Names something that must not pass.
    pub(super) fn refuse(&mut self, type_name: &'static str) {
        self.refused.push(unhandled(Some(type_name.into())));
    }
}

fn unhandled(type_name: Option<Text<'_>>) -> Unhandled<'_> {
    Unhandled { kind: UnhandledKind::Content, r#type: type_name }
}

/// Whether there is nothing to read.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Whether a chat client may be given this link: `http` or `https`, a host, and no blank or
/// control character in it.
pub(super) fn is_web_url(url: &str) -> bool {
    let after = |scheme: &str| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let host = after("https://").or_else(|| after("http://"));
    let begins_well =
        host.and_then(|host| host.chars().next()).is_some_and(|first| !"/?#\\".contains(first));
    begins_well && !url.chars().any(|character| character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_15_only_links_of_the_web_pass() {
        for good in ["https://example.org/a?b#c", "HTTP://example.org", "https://[::1]:8080/"] {
            assert!(is_web_url(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///etc",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//example.org",
            "ftp://example.org",
            " https://example.org",
            "java\nscript:x",
            "https://example.org/\u{0}",
            "https://exa mple.org",
            "httpſ://example.org",
        ] {
            assert!(!is_web_url(bad), "{bad:?}");
        }
    }
}
