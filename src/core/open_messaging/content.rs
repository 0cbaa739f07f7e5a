//! The elements of `content` (Genesys reference, 2.4).

use alloc::{borrow::Cow, vec::Vec};

use super::template::Template;
use crate::json::{Json, Object};

/// One element.
pub struct Content<'a> {
    /// Its `contentType` as sent.
    pub type_name: Option<Cow<'a, str>>,
    /// What it holds.
    pub body: ContentBody<'a>,
}

/// What an element holds.
pub enum ContentBody<'a> {
    /// A file, a picture or a link.
    Attachment(Attachment<'a>),
    /// One choice; its prompt is the message's text.
    QuickReply(QuickReply<'a>),
    /// Choices with a prompt of their own.
    QuickReplies {
        /// The prompt.
        title: Option<Cow<'a, str>>,
        /// The choices.
        choices: Vec<QuickReply<'a>>,
    },
    /// Cards: one, or the many of a carousel.
    Cards(Vec<Card<'a>>),
    /// Times to choose from.
    DatePicker(DatePicker<'a>),
    /// A canned response from a template.
    Notification(Template<'a>),
    /// Text as an element.
    Text(Cow<'a, str>),
    /// A place.
    Location(Location<'a>),
    /// Lists to choose from.
    ListPicker(ListPicker<'a>),
    /// Questions over several pages.
    Form(Form<'a>),
    /// Anything else, or an element without what its type promises.
    Unknown,
}

/// Each type with the member that holds its body.
const MEMBERS: [(&str, &str); 11] = [
    ("Attachment", "attachment"),
    ("QuickReply", "quickReply"),
    ("QuickReplyV2", "quickReplyV2"),
    ("Card", "card"),
    ("Carousel", "carousel"),
    ("DatePicker", "datePicker"),
    ("Notification", "template"),
    ("Text", "text"),
    ("Location", "location"),
    ("ListPicker", "listPicker"),
    ("Form", "form"),
];

impl<'a> Content<'a> {
    pub(super) fn read(element: &Object<'a>) -> Self {
        let type_name = element.text("contentType");
        let body = Self::member(element, type_name.as_deref())
            .and_then(|(name, member)| ContentBody::read(name, &member))
            .unwrap_or(ContentBody::Unknown);
        Self { type_name, body }
    }

    /// The element's type and body. Without a readable type, the member that is there tells.
    fn member(element: &Object<'a>, type_name: Option<&str>) -> Option<(&'static str, Object<'a>)> {
        MEMBERS
            .iter()
            .filter(|(name, _)| type_name.is_none_or(|type_name| type_name == *name))
            .find_map(|(name, key)| Some((*name, element.object(key)?)))
    }
}

impl<'a> ContentBody<'a> {
    fn read(type_name: &str, body: &Object<'a>) -> Option<Self> {
        Some(match type_name {
            "Attachment" => Self::Attachment(Attachment::read(body)),
            "QuickReply" => Self::QuickReply(QuickReply::read(body)?),
            "QuickReplyV2" => Self::QuickReplies {
                title: body.text("title"),
                choices: body.objects("actions").filter_map(|one| QuickReply::read(&one)).collect(),
            },
            "Card" => Self::Cards([Card::read(body)].into()),
            "Carousel" => {
                Self::Cards(body.objects("cards").map(|card| Card::read(&card)).collect())
            }
            "DatePicker" => Self::DatePicker(DatePicker::read(body)),
            "Notification" => Self::Notification(Template::read(body)),
            "Text" => Self::Text(body.text("body")?),
            "Location" => Self::Location(Location::read(body)),
            "ListPicker" => Self::ListPicker(ListPicker::read(body)),
            "Form" => Self::Form(Form::read(body)),
            _ => return None,
        })
    }
}

/// A file, a picture or a link.
pub struct Attachment<'a> {
    /// `Image`, `Video`, `Audio`, `File` or `Link`.
    pub media_type: Option<Cow<'a, str>>,
    /// Where it is.
    pub url: Option<Cow<'a, str>>,
    /// Its media type as in MIME.
    pub mime: Option<Cow<'a, str>>,
    /// Its name.
    pub filename: Option<Cow<'a, str>>,
    /// A caption.
    pub text: Option<Cow<'a, str>>,
}

impl<'a> Attachment<'a> {
    fn read(body: &Object<'a>) -> Self {
        Self {
            media_type: body.text("mediaType"),
            url: body.text("url"),
            mime: body.text("mime"),
            filename: body.text("filename"),
            text: body.text("text"),
        }
    }

    /// Whether it is a picture.
    pub fn is_image(&self) -> bool {
        match self.media_type.as_deref() {
            Some(media_type) => media_type == "Image",
            None => self.mime.as_deref().is_some_and(|mime| mime.starts_with("image/")),
        }
    }
}

/// One choice.
pub struct QuickReply<'a> {
    /// What the user reads and, choosing it, says.
    pub text: Cow<'a, str>,
    /// What Genesys calls it.
    pub payload: Option<Cow<'a, str>>,
}

impl<'a> QuickReply<'a> {
    /// A choice without a text goes by its payload.
    fn read(body: &Object<'a>) -> Option<Self> {
        let payload = body.text("payload");
        let text = body.filled_text("text").or_else(|| payload.clone())?;
        Some(Self { text, payload })
    }
}

/// A card.
pub struct Card<'a> {
    /// Its heading.
    pub title: Option<Cow<'a, str>>,
    /// What stands below the heading.
    pub description: Option<Cow<'a, str>>,
    /// A picture's URL.
    pub image: Option<Cow<'a, str>>,
    /// A film's URL.
    pub video: Option<Cow<'a, str>>,
    /// What a tap on the card itself does.
    pub default_action: Option<Action<'a>>,
    /// Its buttons.
    pub actions: Vec<Action<'a>>,
}

impl<'a> Card<'a> {
    fn read(body: &Object<'a>) -> Self {
        Self {
            title: body.text("title"),
            description: body.text("description"),
            image: body.text("image"),
            video: body.text("video"),
            default_action: body.object("defaultAction").map(|action| Action::read(&action)),
            actions: body.objects("actions").map(|action| Action::read(&action)).collect(),
        }
    }

    /// Whether there is nothing on it.
    pub fn is_empty(&self) -> bool {
        let texts = [&self.title, &self.description, &self.image, &self.video];
        texts.into_iter().flatten().all(|text| text.is_empty())
            && self.default_action.is_none()
            && self.actions.is_empty()
    }
}

/// A button of a card.
pub struct Action<'a> {
    /// What it says.
    pub text: Option<Cow<'a, str>>,
    /// What it does.
    pub kind: ActionKind<'a>,
}

/// What a card's button does.
pub enum ActionKind<'a> {
    /// Opens a URL.
    Link(Cow<'a, str>),
    /// Answers with a payload. A button of a type that is not known is taken for one.
    Postback(Option<Cow<'a, str>>),
}

impl<'a> Action<'a> {
    fn read(body: &Object<'a>) -> Self {
        let url = body.text("url").filter(|_| body.text("type").as_deref() != Some("Postback"));
        let kind = match url {
            Some(url) => ActionKind::Link(url),
            None => ActionKind::Postback(body.text("payload")),
        };
        Self { text: body.text("text"), kind }
    }
}

/// Times to choose from.
pub struct DatePicker<'a> {
    /// The question.
    pub title: Option<Cow<'a, str>>,
    /// What stands below the question.
    pub subtitle: Option<Cow<'a, str>>,
    /// Where the meeting is.
    pub location: Option<Cow<'a, str>>,
    /// A picture's URL.
    pub image_url: Option<Cow<'a, str>>,
    /// The earliest time that may be chosen, ISO 8601.
    pub minimum: Option<Cow<'a, str>>,
    /// The latest time that may be chosen, ISO 8601.
    pub maximum: Option<Cow<'a, str>>,
    /// The times that may be chosen.
    pub available_times: Vec<TimeSlot<'a>>,
}

/// A time that may be chosen.
pub struct TimeSlot<'a> {
    /// When it begins, ISO 8601.
    pub date_time: Cow<'a, str>,
    /// How long it lasts, in seconds.
    pub duration_s: Option<u64>,
}

impl<'a> DatePicker<'a> {
    fn read(body: &Object<'a>) -> Self {
        let slot = |slot: Object<'a>| {
            let duration_s = slot.get("duration").and_then(Json::integer);
            Some(TimeSlot { date_time: slot.text("dateTime")?, duration_s })
        };
        Self {
            title: body.text("title"),
            subtitle: body.text("subtitle"),
            location: body.object("location").and_then(|location| location.text("title")),
            image_url: body.text("imageUrl"),
            minimum: body.text("dateMinimum"),
            maximum: body.text("dateMaximum"),
            available_times: body.objects("availableTimes").filter_map(slot).collect(),
        }
    }
}

/// A place.
pub struct Location<'a> {
    /// Its name.
    pub text: Option<Cow<'a, str>>,
    /// Its address.
    pub address: Option<Cow<'a, str>>,
    /// A map's URL.
    pub url: Option<Cow<'a, str>>,
    /// Latitude and longitude in degrees, as written.
    pub coordinates: Option<(&'a str, &'a str)>,
}

impl<'a> Location<'a> {
    fn read(body: &Object<'a>) -> Self {
        let degrees = |name| body.get(name).and_then(Json::number);
        Self {
            text: body.text("text"),
            address: body.text("address"),
            url: body.text("url"),
            coordinates: degrees("latitude").zip(degrees("longitude")),
        }
    }
}

/// Lists to choose from.
pub struct ListPicker<'a> {
    /// The question.
    pub title: Option<Cow<'a, str>>,
    /// What stands below the question.
    pub subtitle: Option<Cow<'a, str>>,
    /// The lists.
    pub sections: Vec<ListSection<'a>>,
}

/// One list.
pub struct ListSection<'a> {
    /// Its heading.
    pub title: Option<Cow<'a, str>>,
    /// Its choices: a title, and what stands below it.
    pub items: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

impl<'a> ListPicker<'a> {
    fn read(body: &Object<'a>) -> Self {
        let question = body.object("receivedMessage").unwrap_or_default();
        let section = |section: Object<'a>| ListSection {
            title: section.text("title"),
            items: section
                .objects("items")
                .filter_map(|item| match (item.text("title"), item.text("subtitle")) {
                    (Some(title), subtitle) => Some((title, subtitle)),
                    (None, subtitle) => Some((subtitle?, None)),
                })
                .collect(),
        };
        Self {
            title: question.text("title"),
            subtitle: question.text("subtitle"),
            sections: body.objects("sections").map(section).collect(),
        }
    }
}

/// Questions over several pages: what can be read of them, line by line.
///
/// Genesys has many kinds of question, and Open Messaging brings none of them today; so the
/// lines are the texts of the members that hold readable text, wherever they are.
pub struct Form<'a> {
    /// The lines, in order.
    pub lines: Vec<Cow<'a, str>>,
}

/// How deep into a form to look: pages, questions, options and their parts.
const FORM_DEPTH: u32 = 8;

impl<'a> Form<'a> {
    fn read(body: &Object<'a>) -> Self {
        let mut form = Self { lines: Vec::new() };
        form.collect(body, FORM_DEPTH);
        form
    }

    fn collect(&mut self, object: &Object<'a>, depth: u32) {
        const READABLE: [&str; 6] =
            ["title", "subtitle", "label", "text", "description", "buttonText"];
        self.lines.extend(READABLE.iter().filter_map(|name| object.text(name)));
        if depth == 0 {
            return;
        }
        for value in object.values() {
            if let Some(inner) = value.object() {
                self.collect(&inner, depth - 1);
            }
            for element in value.list().unwrap_or_default() {
                // A list of plain text is a list of choices.
                self.lines.extend(element.text());
                if let Some(inner) = element.object() {
                    self.collect(&inner, depth - 1);
                }
            }
        }
    }
}
