//! How each kind of content is shown: as words, links and choices.

use alloc::format;

use super::draft::{Draft, Text, is_blank, is_web_url};
use crate::{
    event::{Attachment, AttachmentContentType, OfferedIn},
    open_messaging::{
        self as genesys, ActionKind, Button, ButtonKind, Card, Content, ContentBody, DatePicker,
        ListPicker, Location, Template, TimeSlot,
    },
};

/// Adds to the draft what the element holds.
pub(super) fn render<'a>(content: &Content<'a>, draft: &mut Draft<'a>) {
    match &content.body {
        ContentBody::Attachment(attachment) => render_attachment(attachment, draft),
        ContentBody::QuickReply(choice) => {
            draft.suggest(Some(&choice.text), choice.payload.as_ref(), OfferedIn::QuickReply);
        }
        ContentBody::QuickReplies { title, choices } => {
            draft.ask(title.as_ref());
            for choice in choices {
                draft.suggest(Some(&choice.text), choice.payload.as_ref(), OfferedIn::QuickReply);
            }
        }
        ContentBody::Cards(cards) => {
            for card in cards {
                if card.is_empty() {
                    draft.miss(content.type_name.clone());
                } else {
                    render_card(card, draft);
                }
            }
        }
        ContentBody::DatePicker(picker) => render_date_picker(picker, draft),
        ContentBody::Notification(template) => render_template(template, draft),
        ContentBody::Text(text) => draft.write(Some(text.clone())),
        ContentBody::Location(location) => render_location(location, draft),
        ContentBody::ListPicker(picker) => render_list_picker(picker, draft),
        ContentBody::Form(form) => {
            form.lines.iter().for_each(|line| draft.write(Some(line.clone())));
        }
        ContentBody::Unknown => draft.miss(content.type_name.clone()),
    }
}

fn render_attachment<'a>(attachment: &genesys::Attachment<'a>, draft: &mut Draft<'a>) {
    let named = attachment.filename.as_ref().filter(|name| !is_blank(name));
    let title = named.or(attachment.text.as_ref());
    // A caption that is not the title stays with the message's words.
    draft.write(attachment.text.as_ref().filter(|text| title != Some(*text)).cloned());
    draft.link(title, attachment.url.as_ref(), shown_as(attachment.is_image()));
}

fn render_card<'a>(card: &Card<'a>, draft: &mut Draft<'a>) {
    describe(card, draft);
    let link = card.default_action.as_ref().and_then(|action| match &action.kind {
        ActionKind::Link(url) if is_web_url(url) => Some((action, url)),
        _ => None,
    });
    let image = card.image.as_ref().filter(|url| is_web_url(url));
    if link.is_some() || image.is_some() || card.title.is_some() {
        draft.attach(Attachment {
            title: card.title.clone(),
            preview_image_url: image.filter(|_| link.is_some()).cloned(),
            content_url: link.map(|(_, url)| url).or(image).cloned(),
            // Without a link the picture is what there is to show.
            content_type: shown_as(link.is_none() && image.is_some()),
            call_to_action_text: link.and_then(|(action, _)| action.text.clone()),
        });
    }
    if card.image.is_some() && image.is_none() {
        draft.refuse("Attachment");
    }
    if card.video.is_some() {
        draft.link(card.title.as_ref(), card.video.as_ref(), AttachmentContentType::Url);
    }
    let default_action = card.default_action.as_ref().filter(|_| link.is_none());
    for action in default_action.into_iter().chain(&card.actions) {
        let text = action.text.as_ref();
        match &action.kind {
            ActionKind::Link(url) => draft.link(text, Some(url), AttachmentContentType::Url),
            ActionKind::Postback(payload) => {
                draft.suggest(text, payload.as_ref(), OfferedIn::Card);
            }
        }
    }
}

/// Says what the card says below its heading, with the heading unless the webhook's text was just
/// that.
fn describe<'a>(card: &Card<'a>, draft: &mut Draft<'a>) {
    let Some(description) = card.description.as_ref().filter(|text| !is_blank(text)) else {
        return;
    };
    let heading = card.title.as_ref().filter(|title| !is_blank(title) && !draft.says(title));
    draft.write(Some(match heading {
        Some(heading) => format!("{heading}: {description}").into(),
        None => description.clone(),
    }));
}

fn render_date_picker<'a>(picker: &DatePicker<'a>, draft: &mut Draft<'a>) {
    draft.ask(picker.title.as_ref());
    draft.write(picker.subtitle.clone());
    draft.write(picker.location.clone());
    if picker.image_url.is_some() {
        draft.link(None, picker.image_url.as_ref(), AttachmentContentType::Image);
    }
    draft.write(match (&picker.minimum, &picker.maximum) {
        (Some(from), Some(to)) => Some(format!("{from} – {to}").into()),
        (Some(from), None) => Some(format!("{from} –").into()),
        (None, Some(to)) => Some(format!("– {to}").into()),
        (None, None) => None,
    });
    for TimeSlot { date_time, duration_s } in &picker.available_times {
        let line = match duration_s {
            Some(seconds) if seconds % 60 == 0 => format!("- {date_time} ({} min)", seconds / 60),
            Some(seconds) => format!("- {date_time} ({seconds} s)"),
            None => format!("- {date_time}"),
        };
        draft.write(Some(line.into()));
        draft.suggest(Some(date_time), None, OfferedIn::DatePicker);
    }
}

fn render_template<'a>(template: &Template<'a>, draft: &mut Draft<'a>) {
    let header = template.header.as_ref().map(|header| draft.filler.fill_in(header));
    draft.write(header);
    if let Some(media) = &template.header_media {
        draft.link(None, Some(&media.url), shown_as(media.is_image));
    }
    let body = template.body.as_ref().map(|body| draft.filler.fill_in(body));
    draft.write(body);
    for Button { text, kind } in &template.buttons {
        let text = text.as_ref();
        match kind {
            ButtonKind::QuickReply(payload) => {
                draft.suggest(text, payload.as_ref(), OfferedIn::QuickReply);
            }
            ButtonKind::Url(url) => {
                let url = draft.filler.fill_in(url);
                draft.link(text, Some(&url), AttachmentContentType::Url);
            }
            ButtonKind::PhoneNumber(number) => draft.write(Some(match text {
                Some(text) => format!("{text}: {number}").into(),
                None => number.clone(),
            })),
        }
    }
    draft.write(template.footer.clone());
}

fn render_location<'a>(location: &Location<'a>, draft: &mut Draft<'a>) {
    draft.write(location.text.clone());
    draft.write(location.address.clone());
    if let Some((latitude, longitude)) = location.coordinates {
        draft.write(Some(format!("{latitude}, {longitude}").into()));
    }
    if location.url.is_some() {
        let title: Option<&Text<'a>> = location.text.as_ref().or(location.address.as_ref());
        draft.link(title, location.url.as_ref(), AttachmentContentType::Url);
    }
}

fn render_list_picker<'a>(picker: &ListPicker<'a>, draft: &mut Draft<'a>) {
    draft.ask(picker.title.as_ref());
    draft.write(picker.subtitle.clone());
    for section in &picker.sections {
        draft.write(section.title.clone());
        for (title, subtitle) in &section.items {
            let line = match subtitle {
                Some(subtitle) => format!("- {title} ({subtitle})"),
                None => format!("- {title}"),
            };
            draft.write(Some(line.into()));
            draft.suggest(Some(title), None, OfferedIn::QuickReply);
        }
    }
}

fn shown_as(is_image: bool) -> AttachmentContentType {
    if is_image { AttachmentContentType::Image } else { AttachmentContentType::Url }
}
