//! What a user attached: what of it Genesys fetches as a file, and what goes as words.

use baton_bot::{BotUrl as PublicUrl, Reach};
use baton_chat::AttachedLink;
use baton_genesys::{Attachment, MediaType};
use baton_handoff::is_blank;
use baton_store::NewOutgoing;
use jiff::Timestamp;

use crate::outgoing::{MOST_CHARACTERS, OutgoingAttachment};

/// What the user said, for an agent: words, and files after them.
pub(crate) struct Said<'a> {
    /// With a line for each link that is no file. They may be blank, if there are files.
    pub(crate) words: String,
    files: Vec<(&'a AttachedLink, Attachment)>,
}

impl<'a> Said<'a> {
    /// Of a text, and of what is attached to it.
    pub(crate) fn new(text: &str, attached: &'a [AttachedLink]) -> Self {
        let file = |link: &'a AttachedLink| Some((link, file(link)?));
        let files = attached.iter().filter_map(file).collect();
        let links = attached.iter().filter(|link| self::file(link).is_none());
        Self { words: AttachedLink::below(text, links), files }
    }

    /// The same with all that is attached among the words, if there would be none otherwise.
    pub(crate) fn in_words(text: &str, attached: &'a [AttachedLink]) -> Self {
        let said = Self::new(text, attached);
        if is_blank(&said.words) {
            return Self { words: AttachedLink::below(text, attached), files: Vec::new() };
        }
        said
    }

    /// The messages in which the files go out, in order.
    pub(crate) fn files(self, id: &str, at: Timestamp) -> Vec<NewOutgoing> {
        let file = |(place, (link, file)): (usize, (&AttachedLink, Attachment))| {
            let title = link.title.clone().unwrap_or_default();
            OutgoingAttachment::new(file, title, link.line(), at).queued(id, place)
        };
        self.files.into_iter().enumerate().map(file).collect()
    }
}

/// The file that a link leads to, if Genesys can fetch it: by https from the Internet (Genesys
/// reference, 3.3). It has to fit into one message as words too, should Genesys refuse it.
fn file(link: &AttachedLink) -> Option<Attachment> {
    let AttachedLink { url, media_type, .. } = link;
    let mime = media_type.clone()?;
    let media_type = match mime.split('/').next() {
        Some("image") => MediaType::Image,
        Some("video") => MediaType::Video,
        Some("audio") => MediaType::Audio,
        _ => MediaType::File,
    };
    let is_public = PublicUrl::parse(url, Reach::Public).is_ok();
    let fits = link.line().chars().count() <= MOST_CHARACTERS;
    (is_public && fits).then(|| Attachment { media_type, url: url.clone(), mime })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(url: &str, media_type: Option<&str>) -> AttachedLink {
        let media_type = media_type.map(str::to_owned);
        AttachedLink { url: url.to_owned(), title: Some("It".to_owned()), media_type }
    }

    #[test]
    fn what_genesys_can_fetch_is_a_file_of_its_kind() {
        for (media_type, kind) in [
            ("image/png", MediaType::Image),
            ("video/mp4", MediaType::Video),
            ("audio/ogg", MediaType::Audio),
            ("application/pdf", MediaType::File),
            ("text/plain", MediaType::File),
        ] {
            let file = file(&link("https://files.example.com/x", Some(media_type))).unwrap();
            assert_eq!((file.media_type, &*file.mime), (kind, media_type));
        }
    }

    #[test]
    fn what_it_cannot_fetch_is_words() {
        let image = Some("image/png");
        let long = format!("https://files.example.com/{}", "x".repeat(MOST_CHARACTERS));
        for link in [
            link("https://files.example.com/x", None),
            link("http://files.example.com/x", image),
            link("https://10.0.0.1/x", image),
            link("https://localhost/x", image),
            link("https://ann:secret@files.example.com/x", image),
            link(&long, image),
        ] {
            let links = [link];
            let said = Said::new("See", &links);
            assert_eq!(said.words, format!("See\nIt: {}", links[0].url));
            assert!(said.files("id", Timestamp::UNIX_EPOCH).is_empty());
        }
    }

    #[test]
    fn files_follow_the_words_each_in_a_message_of_its_own() {
        let file = link("https://files.example.com/x.png", Some("image/png"));
        let links = [file, link("https://example.com/", None)];
        let said = Said::new("See", &links);
        assert_eq!(said.words, "See\nIt: https://example.com/");
        assert_eq!(said.files("id", Timestamp::UNIX_EPOCH).len(), 1);
        let alone = Said::in_words(" ", &links[..1]);
        assert_eq!(alone.words, "It: https://files.example.com/x.png");
        assert!(alone.files("id", Timestamp::UNIX_EPOCH).is_empty());
        assert_eq!(Said::in_words("See", &links[..1]).words, "See");
    }
}
