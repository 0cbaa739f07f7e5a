//! A message while it is put together from a webhook's text and content.

use alloc::{borrow::Cow, format, string::String, vec::Vec};

use crate::{
    delivery::{Unhandled, UnhandledKind},
    event::{Attachment, AttachmentContentType, Message, ResponseSuggestion},
    open_messaging::{
        self as genesys, ActionKind, Button, ButtonKind, Card, Content, ContentBody, DatePicker,
        ListPicker, Location, Template, TimeSlot,
    },
};

/// How many bytes the parameters of templates may add to one message: a small webhook could
/// otherwise name a large parameter many times.
const MOST_FILLED_IN: usize = 65_536;

/// How far to look for the end of a parameter's name, in bytes.
const LONGEST_NAME: usize = 128;

/// A message in the making.
pub(super) struct Draft<'a> {
    paragraphs: Vec<Cow<'a, str>>,
    attachments: Vec<Attachment<'a>>,
    suggestions: Vec<ResponseSuggestion<'a>>,
    /// Elements that nothing could be made of: shown by the message's own text, if it has one.
    unknown: Vec<Unhandled<'a>>,
    /// Links that must not pass, whatever else is shown.
    refused: Vec<Unhandled<'a>>,
    /// How many more bytes the parameters of templates may add.
    fillable: usize,
}

type Text<'a> = Cow<'a, str>;

impl<'a> Draft<'a> {
    /// A draft that begins with the message's own text.
    pub(super) fn new(text: Option<Text<'a>>) -> Self {
        let mut draft = Self {
            paragraphs: Vec::new(),
            attachments: Vec::new(),
            suggestions: Vec::new(),
            unknown: Vec::new(),
            refused: Vec::new(),
            fillable: MOST_FILLED_IN,
        };
        draft.write(text);
        draft
    }

    /// Adds what the element holds.
    pub(super) fn add(&mut self, content: &Content<'a>) {
        match &content.body {
            ContentBody::Attachment(attachment) => self.attach(attachment),
            ContentBody::QuickReply(choice) => self.suggest(&choice.text, choice.payload.as_ref()),
            ContentBody::QuickReplies { title, choices } => {
                self.write(title.clone());
                for choice in choices {
                    self.suggest(&choice.text, choice.payload.as_ref());
                }
            }
            ContentBody::Cards(cards) => {
                for card in cards {
                    if card.is_empty() {
                        self.unknown.push(unhandled(content.type_name.clone()));
                    } else {
                        self.card(card);
                    }
                }
            }
            ContentBody::DatePicker(picker) => self.date_picker(picker),
            ContentBody::Notification(template) => self.template(template),
            ContentBody::Text(text) => self.write(Some(text.clone())),
            ContentBody::Location(location) => self.location(location),
            ContentBody::ListPicker(picker) => self.list_picker(picker),
            ContentBody::Form(form) => {
                form.lines.iter().for_each(|line| self.write(Some(line.clone())));
            }
            ContentBody::Unknown => self.unknown.push(unhandled(content.type_name.clone())),
        }
    }

    /// The message, if there is anything to show, and what could not be shown.
    pub(super) fn finish(
        mut self,
        message_id: Option<Text<'a>>,
    ) -> (Option<Message<'a>>, Vec<Unhandled<'a>>) {
        let text = match self.paragraphs.len() {
            0 | 1 => self.paragraphs.pop(),
            _ => Some(self.paragraphs.join("\n").into()),
        };
        let mut unhandled = self.refused;
        if text.is_none() {
            unhandled.append(&mut self.unknown);
        }
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

    /// Adds a paragraph, unless it is blank or says again what the message's text or the
    /// paragraph before it says: prompts are often sent twice.
    fn write(&mut self, text: Option<Text<'a>>) {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return;
        };
        let said = [self.paragraphs.first(), self.paragraphs.last()];
        if !said.contains(&Some(&text)) {
            self.paragraphs.push(text);
        }
    }

    fn suggest(&mut self, text: &Text<'a>, payload: Option<&Text<'a>>) {
        let suggestion =
            ResponseSuggestion { message_text: text.clone(), payload: payload.cloned() };
        self.suggestions.push(suggestion);
    }

    /// A button that answers. One that says nothing goes by its payload.
    fn choice(&mut self, text: Option<&Text<'a>>, payload: Option<&Text<'a>>) {
        if let Some(text) = text.or(payload) {
            self.suggest(text, payload);
        }
    }

    fn attach(&mut self, attachment: &genesys::Attachment<'a>) {
        let named = attachment.filename.clone().filter(|name| !name.is_empty());
        let title = named.or_else(|| attachment.text.clone());
        // A caption that is not the title stays with the message's words.
        self.write(attachment.text.clone().filter(|text| title.as_ref() != Some(text)));
        match attachment.url.as_ref().filter(|url| is_web_url(url)) {
            Some(url) => self.link(title, url, shown_as(attachment.is_image()), None),
            None => {
                self.write(title);
                self.refused.push(unhandled(Some("Attachment".into())));
            }
        }
    }

    fn link(
        &mut self,
        title: Option<Text<'a>>,
        url: &Text<'a>,
        content_type: AttachmentContentType,
        call_to_action_text: Option<Text<'a>>,
    ) {
        self.attachments.push(Attachment {
            title,
            preview_image_url: None,
            content_url: Some(url.clone()),
            content_type,
            call_to_action_text,
        });
    }

    /// A link with a label; a URL that must not pass leaves the label to be read.
    fn labelled_link(&mut self, label: Option<&Text<'a>>, url: &Text<'a>) {
        if is_web_url(url) {
            self.link(label.cloned(), url, AttachmentContentType::Url, label.cloned());
        } else {
            self.write(label.cloned());
            self.refused.push(unhandled(Some("Link".into())));
        }
    }

    /// A picture without words; `None` and a URL that must not pass show nothing.
    fn picture(&mut self, url: Option<&Text<'a>>) {
        match url.filter(|url| !url.is_empty()) {
            Some(url) if is_web_url(url) => {
                self.link(None, url, AttachmentContentType::Image, None);
            }
            Some(_) => self.refused.push(unhandled(Some("Image".into()))),
            None => {}
        }
    }

    fn card(&mut self, card: &Card<'a>) {
        let link = card.default_action.as_ref().and_then(|action| match &action.kind {
            ActionKind::Link(url) if is_web_url(url) => Some((action, url)),
            _ => None,
        });
        let image = card.image.as_ref().filter(|url| is_web_url(url));
        // Without a link the picture is what there is to show.
        let content_type = shown_as(link.is_none() && image.is_some());
        self.describe(card);
        self.attachments.push(Attachment {
            title: card.title.clone(),
            preview_image_url: image.filter(|_| link.is_some()).cloned(),
            content_url: link.map(|(_, url)| url).or(image).cloned(),
            content_type,
            call_to_action_text: link.and_then(|(action, _)| action.text.clone()),
        });
        if card.image.is_some() && image.is_none() {
            self.refused.push(unhandled(Some("Image".into())));
        }
        if let Some(video) = &card.video {
            self.labelled_link(card.title.as_ref(), video);
        }
        let default_action = card.default_action.as_ref().filter(|_| link.is_none());
        for action in default_action.into_iter().chain(&card.actions) {
            match &action.kind {
                ActionKind::Link(url) => self.labelled_link(action.text.as_ref(), url),
                ActionKind::Postback(payload) => {
                    self.choice(action.text.as_ref(), payload.as_ref());
                }
            }
        }
    }

    /// Says what the card says below its heading, with the heading unless the message's text was
    /// just that.
    fn describe(&mut self, card: &Card<'a>) {
        let Some(description) = &card.description else { return };
        let text = match card.title.as_ref().filter(|title| self.paragraphs.first() != Some(title))
        {
            Some(title) if !title.is_empty() => format!("{title}: {description}").into(),
            _ => description.clone(),
        };
        self.write(Some(text));
    }

    fn date_picker(&mut self, picker: &DatePicker<'a>) {
        self.write(picker.title.clone());
        self.write(picker.subtitle.clone());
        self.picture(picker.image_url.as_ref());
        if let (Some(from), Some(to)) = (&picker.minimum, &picker.maximum) {
            self.write(Some(format!("{from} – {to}").into()));
        }
        for TimeSlot { date_time, duration_s } in &picker.available_times {
            let line = match duration_s {
                Some(seconds) => format!("- {date_time} ({} min)", seconds / 60),
                None => format!("- {date_time}"),
            };
            self.write(Some(line.into()));
            self.suggest(date_time, None);
        }
    }

    fn template(&mut self, template: &Template<'a>) {
        self.write(template.header.clone());
        if let Some(media) = &template.header_media {
            if is_web_url(&media.url) {
                self.link(None, &media.url, shown_as(media.is_image), None);
            } else {
                self.refused.push(unhandled(Some("Media".into())));
            }
        }
        let filled = |body| fill_in(body, &template.parameters, &mut self.fillable);
        let body = template.body.as_ref().map(filled);
        self.write(body);
        for Button { text, kind } in &template.buttons {
            match kind {
                ButtonKind::QuickReply(payload) => self.choice(text.as_ref(), payload.as_ref()),
                ButtonKind::Url(url) => self.labelled_link(text.as_ref(), url),
                ButtonKind::PhoneNumber(number) => self.write(Some(match text {
                    Some(text) => format!("{text}: {number}").into(),
                    None => number.clone(),
                })),
            }
        }
        self.write(template.footer.clone());
    }

    fn location(&mut self, location: &Location<'a>) {
        self.write(location.text.clone());
        self.write(location.address.clone());
        if let Some((latitude, longitude)) = location.coordinates {
            self.write(Some(format!("{latitude}, {longitude}").into()));
        }
        if let Some(url) = &location.url {
            self.labelled_link(location.text.as_ref().or(location.address.as_ref()), url);
        }
    }

    fn list_picker(&mut self, picker: &ListPicker<'a>) {
        self.write(picker.title.clone());
        self.write(picker.subtitle.clone());
        for section in &picker.sections {
            self.write(section.title.clone());
            for (title, subtitle) in &section.items {
                let line = match subtitle {
                    Some(subtitle) => format!("- {title} ({subtitle})"),
                    None => format!("- {title}"),
                };
                self.write(Some(line.into()));
                self.suggest(title, None);
            }
        }
    }
}

fn shown_as(is_image: bool) -> AttachmentContentType {
    if is_image { AttachmentContentType::Image } else { AttachmentContentType::Url }
}

fn unhandled(type_name: Option<Text<'_>>) -> Unhandled<'_> {
    Unhandled { kind: UnhandledKind::Content, r#type: type_name }
}

/// Whether a chat client may be given this link: `http` or `https`, a host, and no blank or
/// control character in it.
fn is_web_url(url: &str) -> bool {
    let after = |scheme: &str| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let host = after("https://").or_else(|| after("http://"));
    let begins_well =
        host.and_then(|host| host.chars().next()).is_some_and(|first| !"/?#\\".contains(first));
    begins_well && !url.chars().any(|character| character.is_whitespace() || character.is_control())
}

/// Puts the parameters into their places, `{{name}}`, as long as there are bytes left for them. A
/// place without a parameter stays.
fn fill_in<'a>(
    body: &Text<'a>,
    parameters: &[(Text<'a>, Text<'a>)],
    fillable: &mut usize,
) -> Text<'a> {
    let mut filled = String::new();
    let mut rest: &str = body;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        match parameter_at(after, parameters) {
            Some((value, behind)) if value.len() <= *fillable => {
                *fillable -= value.len();
                filled.push_str(value);
                rest = behind;
            }
            _ => {
                filled.push_str("{{");
                rest = after;
            }
        }
    }
    if filled.is_empty() {
        return body.clone();
    }
    filled.push_str(rest);
    filled.into()
}

/// The parameter that is named where the text begins, and what follows its place.
fn parameter_at<'t>(
    text: &'t str,
    parameters: &'t [(Text<'_>, Text<'_>)],
) -> Option<(&'t str, &'t str)> {
    let end = text.as_bytes().windows(2).take(LONGEST_NAME).position(|pair| pair == b"}}")?;
    let (name, behind) = text.split_at_checked(end)?;
    let (_, value) = parameters.iter().find(|(parameter, _)| parameter == name.trim())?;
    Some((value, behind.strip_prefix("}}")?))
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

    #[test]
    fn a_template_is_filled_in_and_unknown_places_stay() {
        let parameters = [("name".into(), "Ann".into()), ("time".into(), "{{name}}".into())];
        let fill = |body: &'static str| fill_in(&body.into(), &parameters, &mut 100).into_owned();
        assert_eq!(fill("Hi {{name}} at {{ time }}"), "Hi Ann at {{name}}");
        assert_eq!(fill("Hi {{who}}, {{name}}"), "Hi {{who}}, Ann");
        assert_eq!(fill("no place"), "no place");
        assert_eq!(fill("{{name"), "{{name");
        assert_eq!(fill("{{{{name}}"), "{{Ann");
    }

    #[test]
    fn invariant_11_a_template_cannot_grow_a_message_without_bound() {
        let parameters = [("n".into(), "x".repeat(1000).into())];
        let body: Text<'_> = "{{n}}".repeat(10_000).into();
        assert!(fill_in(&body, &parameters, &mut 5_500).len() <= 5_500 + body.len());
    }
}
