//! Canned responses from a template (Genesys reference, 2.4).

use alloc::{borrow::Cow, vec::Vec};

use crate::json::Object;

/// How many parameters of a template are read: each place in its text is looked up among them.
const MOST_PARAMETERS: usize = 64;

/// A canned response: texts with places to fill in.
pub struct Template<'a> {
    /// What stands above the text.
    pub header: Option<TemplateText<'a>>,
    /// A file or a picture above the text.
    pub header_media: Option<Media<'a>>,
    /// The text.
    pub body: Option<TemplateText<'a>>,
    /// Its buttons.
    pub buttons: Vec<Button<'a>>,
    /// What stands below the text.
    pub footer: Option<Cow<'a, str>>,
}

/// A text with places to fill in.
pub struct TemplateText<'a> {
    /// The text, with places such as `{{name}}`.
    pub text: Cow<'a, str>,
    /// What to put into the places: name and text.
    pub parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> TemplateText<'a> {
    fn read(body: &Object<'a>, name: &str) -> Option<Self> {
        let parameter =
            |parameter: Object<'a>| Some((parameter.text("name")?, parameter.text("text")?));
        let parameters = body.objects("parameters").filter_map(parameter);
        Some(Self {
            text: body.text(name)?,
            parameters: parameters.take(MOST_PARAMETERS).collect(),
        })
    }
}

/// The file or picture of a template's header.
pub struct Media<'a> {
    /// Where it is.
    pub url: Cow<'a, str>,
    /// Whether it is a picture.
    pub is_image: bool,
}

impl<'a> Template<'a> {
    pub(super) fn read(body: &Object<'a>) -> Self {
        let header = body.object("header").unwrap_or_default();
        Self {
            header: TemplateText::read(&header, "text"),
            header_media: header.object("media").and_then(|media| Media::read(&media)),
            body: body.object("body").and_then(|body| TemplateText::read(&body, "text")),
            buttons: body.objects("buttons").map(|button| Button::read(&button)).collect(),
            footer: body.object("footer").and_then(|footer| footer.text("text")),
        }
    }
}

impl<'a> Media<'a> {
    fn read(body: &Object<'a>) -> Option<Self> {
        let is_image = body.text("mediaType").as_deref() == Some("Image");
        Some(Self { url: body.text("url")?, is_image })
    }
}

/// A button of a canned response.
pub struct Button<'a> {
    /// What it says.
    pub text: Option<Cow<'a, str>>,
    /// What it does.
    pub kind: ButtonKind<'a>,
}

/// What a canned response's button does.
pub enum ButtonKind<'a> {
    /// Answers with a payload. A button of a type that is not known is taken for one.
    QuickReply(Option<Cow<'a, str>>),
    /// Opens a URL.
    Url(TemplateText<'a>),
    /// Calls a number.
    PhoneNumber(Cow<'a, str>),
}

impl<'a> Button<'a> {
    fn read(body: &Object<'a>) -> Self {
        let kind = if let Some(url) = TemplateText::read(body, "url") {
            ButtonKind::Url(url)
        } else if let Some(number) = body.text("phoneNumber") {
            ButtonKind::PhoneNumber(number)
        } else {
            ButtonKind::QuickReply(body.text("payload"))
        };
        Self { text: body.text("text"), kind }
    }
}
