//! What a user attached: a link, and what is behind it.

use baton_chat::AttachedLink;
use baton_problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// The most characters of a media type.
const MOST_CHARACTERS: usize = 127;

/// What the ends of files' names stand for.
const ENDS: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("m4a", "audio/mp4"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("zip", "application/zip"),
];

/// Something that the user attached: a link to where it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attached {
    /// Its address, of https or http.
    #[schema(example = "https://files.example.com/receipt.pdf")]
    url: String,
    /// What it is.
    title: Option<String>,
    /// Its media type, of application, audio, image, text or video. If it is left out, the end of
    /// the address's path tells it, such as `.pdf`.
    #[schema(max_length = 127, example = "application/pdf")]
    media_type: Option<String>,
}

impl Attached {
    /// The link, checked. Nobody here fetches it.
    pub(crate) fn link(self) -> Result<AttachedLink, Problem> {
        let Self { url, title, media_type } = self;
        let is_link = ["https://", "http://"].iter().any(|scheme| {
            url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if !is_link || url.chars().any(|character| character.is_control() || character == ' ') {
            return Err(Problem::invalid("an attachment's url has to be one of https or http"));
        }
        let title = title.unwrap_or_default();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = Some(title).filter(|title| !title.is_empty());
        let media_type = match media_type {
            Some(media_type) => Some(checked(&media_type)?),
            None => guessed(&url).map(str::to_owned),
        };
        Ok(AttachedLink { url, title, media_type })
    }
}

fn checked(media_type: &str) -> Result<String, Problem> {
    let wrong = || Problem::invalid("an attachment's media_type has to be one such as image/png");
    let lower = media_type.trim().to_ascii_lowercase();
    let (kind, name) = lower.split_once('/').ok_or_else(wrong)?;
    let is_kind = ["application", "audio", "image", "text", "video"].contains(&kind);
    let is_name = !name.is_empty()
        && name.chars().all(|one| one.is_ascii_alphanumeric() || "!#$&-^_.+".contains(one));
    let fits = lower.len() <= MOST_CHARACTERS;
    if is_kind && is_name && fits { Ok(lower) } else { Err(wrong()) }
}

/// What the end of the address's path says.
fn guessed(url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split(['?', '#']).next()?.split_once('/')?;
    let (_, end) = path.rsplit('/').next()?.rsplit_once('.')?;
    let known = ENDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(end));
    known.map(|(_, media_type)| *media_type)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn link(url: &str, media_type: Option<&str>) -> Result<AttachedLink, StatusCode> {
        let media_type = media_type.map(str::to_owned);
        let attached = Attached { url: url.to_owned(), title: None, media_type };
        attached.link().map_err(|problem| problem.status)
    }

    #[test]
    fn what_is_no_link_is_refused() {
        for url in ["javascript:alert(1)", "ftp://a/b", "https", "", "https://a/\nb c", "héllo"] {
            assert_eq!(link(url, None).err(), Some(StatusCode::BAD_REQUEST), "{url}");
        }
    }

    #[test]
    fn its_type_is_told_or_else_guessed_by_the_end_of_its_path() {
        for (url, told, expected) in [
            ("https://a.example/x", Some("Image/PNG"), Some("image/png")),
            ("https://a.example/x.pdf", Some("image/png"), Some("image/png")),
            ("https://a.example/folder.d/x.JPG?size=1.2#top", None, Some("image/jpeg")),
            ("https://a.example/x.pdf", None, Some("application/pdf")),
            ("https://a.example/x.exe", None, None),
            ("https://a.example/x", None, None),
            ("https://a.example", None, None),
            ("https://a.zip", None, None),
            ("https://a.example/?file=x.pdf", None, None),
        ] {
            let link = link(url, told).unwrap_or_else(|status| panic!("{url}: {status}"));
            assert_eq!(link.media_type.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        let long = format!("image/{}", "x".repeat(MOST_CHARACTERS));
        for wrong in ["", "image", "image/", "image/*", "multipart/mixed", "a/b; c", "é/b", &long]
        {
            let refused = link("https://a.example/x", Some(wrong)).err();
            assert_eq!(refused, Some(StatusCode::BAD_REQUEST), "{wrong}");
        }
    }
}
