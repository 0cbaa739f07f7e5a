//! What was said before the handoff, for the agent.

use std::fmt;

use baton_core::json::{Document, Json, Object};
use jiff::{Timestamp, tz::TimeZone};

use crate::parts;

/// No limit of a message counts as less: its author and time have to fit, and something of what
/// was said.
const LEAST_CHARACTERS: usize = 200;

/// What the lines of one text after its first begin with. So no text passes for another line of
/// the transcript.
const INDENT: &str = "\n    ";

/// What may count as the end of a line where the agent reads it.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The member of a message's payload that is true where the message is one of ours that nobody
/// else said, so that a user who waits hears something.
pub const REASSURANCE: &str = "reassurance";

/// Something that was said, or a notice that the user was shown.
#[derive(Clone, PartialEq, Eq)]
pub struct TranscriptEntry {
    /// Whose words they are.
    pub speaker: TranscriptSpeaker,
    /// When it was.
    pub at: Timestamp,
    /// The words, with the addresses of what was attached.
    pub text: String,
}

/// Whose words are in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TranscriptSpeaker {
    /// The user.
    User,
    /// The virtual agent.
    Bot,
    /// An agent of a handoff before this one.
    Agent,
    /// Nobody: what the chat itself told.
    System,
}

/// The form in which a transcript goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptForm<'a> {
    /// Its first line, which tells the agent that the user did not write it.
    pub title: &'a str,
    /// The most characters (Unicode scalar values) in one message. Fewer than 200 count as 200.
    pub most_characters: usize,
    /// The most messages. What does not fit into them is left out, the oldest first.
    pub most_messages: usize,
}

/// Shows nothing of what was said.
impl fmt::Debug for TranscriptEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TranscriptEntry")
            .field("speaker", &self.speaker)
            .field("at", &self.at)
            .field("text_bytes", &self.text.len())
            .finish()
    }
}

impl TranscriptEntry {
    /// What an event of the session log adds to a transcript (Messaging API, 8); `None` if that
    /// is nothing: an event of another type, one without words and links, one that cannot be read,
    /// or one of ours that only reassured the user.
    pub fn of_event(kind: &str, at: Timestamp, payload: &str) -> Option<Self> {
        let (speaker, words) = match kind {
            "EVENT_TYPE_USER_MESSAGE" => (TranscriptSpeaker::User, "text"),
            "EVENT_TYPE_POLY_AGENT_MESSAGE" => (TranscriptSpeaker::Bot, "text"),
            "EVENT_TYPE_LIVE_AGENT_MESSAGE" => (TranscriptSpeaker::Agent, "text"),
            "EVENT_TYPE_SYSTEM_MESSAGE" => (TranscriptSpeaker::System, "message"),
            _ => return None,
        };
        let Ok(Document::Object(payload)) = Document::parse(payload.as_bytes()) else {
            return None;
        };
        if reassures(&payload) {
            return None;
        }
        let said = payload.text(words).filter(|text| !is_blank(text)).map(|text| text.into_owned());
        let links = payload.objects("attachments").filter_map(|attachment| link(&attachment));
        let lines: Vec<String> = said.into_iter().chain(links).collect();
        (!lines.is_empty()).then(|| Self { speaker, at, text: lines.join("\n") })
    }
}

/// Whether an event with this payload is a message of ours that only reassured the user.
pub fn is_reassurance(payload: &str) -> bool {
    match Document::parse(payload.as_bytes()) {
        Ok(Document::Object(payload)) => reassures(&payload),
        _ => false,
    }
}

fn reassures(payload: &Object<'_>) -> bool {
    payload.get(REASSURANCE).and_then(Json::boolean) == Some(true)
}

/// The messages in which a transcript goes out, in order: one if it fits. There is none if nothing
/// was said. Entries without words are left out.
///
/// An entry stays whole where it fits into a message, below the title; a longer one goes on in a
/// further entry of the same author and time.
pub fn transcript(entries: &[TranscriptEntry], form: &TranscriptForm<'_>) -> Vec<String> {
    let most = form.most_characters.max(LEAST_CHARACTERS);
    let total = entries.iter().filter(|entry| !is_blank(&entry.text)).count();
    let beside_head = most.saturating_sub(head(form.title, total, most).chars().count() + 1);
    let room = most.saturating_mul(form.most_messages);
    let pieces = newest_pieces(entries, beside_head, room);
    for start in 0..pieces.len() {
        let kept = pieces.get(start..).unwrap_or_default();
        let whole = kept.iter().filter(|piece| piece.begins).count();
        let head = head(form.title, total.saturating_sub(whole), most);
        let messages = packed(head, kept, most);
        if messages.len() <= form.most_messages {
            return messages;
        }
    }
    Vec::new()
}

/// As much of an entry as fits into a message.
struct Piece {
    text: String,
    characters: usize,
    /// Whether it is the first of its entry.
    begins: bool,
}

/// The newest pieces of the entries, the oldest of them first: all those of which so many
/// characters may hold.
fn newest_pieces(entries: &[TranscriptEntry], most: usize, characters: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut room = characters;
    for entry in entries.iter().rev().filter(|entry| !is_blank(&entry.text)) {
        for piece in pieces_of(entry, most).into_iter().rev() {
            let Some(left) = room.checked_sub(piece.characters) else {
                pieces.reverse();
                return pieces;
            };
            room = left;
            pieces.push(piece);
        }
    }
    pieces.reverse();
    pieces
}

fn pieces_of(entry: &TranscriptEntry, most: usize) -> Vec<Piece> {
    let author = match entry.speaker {
        TranscriptSpeaker::User => "User",
        TranscriptSpeaker::Bot => "Bot",
        TranscriptSpeaker::Agent => "Agent",
        TranscriptSpeaker::System => "System",
    };
    let time = entry.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    let label = format!("[{time}] {author}: ");
    let lines = entry.text.split(LINE_ENDS).map(str::trim_end).filter(|line| !is_blank(line));
    let text = lines.collect::<Vec<_>>().join(INDENT);
    let room = most.saturating_sub(label.chars().count());
    let piece = |(place, part): (usize, &str)| {
        let text = format!("{label}{}", part.trim_start());
        Piece { characters: text.chars().count(), text, begins: place == 0 }
    };
    parts(&text, room).into_iter().enumerate().map(piece).collect()
}

/// The lines before the first entry.
fn head(title: &str, left_out: usize, most: usize) -> String {
    let title = title.split(LINE_ENDS).collect::<Vec<_>>().join(" ");
    let mut head: String = title.trim().chars().take(most / 4).collect();
    if left_out > 0 {
        let messages = if left_out == 1 { "message is" } else { "messages are" };
        let line = format!("({left_out} earlier {messages} left out)");
        head = if head.is_empty() { line } else { format!("{head}\n{line}") };
    }
    head
}

/// The head and the pieces, line after line, in as few messages as they fit into.
fn packed(head: String, pieces: &[Piece], most: usize) -> Vec<String> {
    let mut characters = head.chars().count();
    let mut messages: Vec<String> = (characters > 0).then_some(head).into_iter().collect();
    for piece in pieces {
        let longer = characters.saturating_add(1).saturating_add(piece.characters);
        match messages.last_mut() {
            Some(message) if longer <= most => {
                message.push('\n');
                message.push_str(&piece.text);
                characters = longer;
            }
            _ => {
                messages.push(piece.text.clone());
                characters = piece.characters;
            }
        }
    }
    messages
}

/// What was attached, as the agent can open it.
fn link(attachment: &Object<'_>) -> Option<String> {
    let url = attachment.filled_text("content_url")?;
    Some(match attachment.filled_text("title") {
        Some(title) => format!("{title}: {url}"),
        None => url.into_owned(),
    })
}

/// Whether there is nothing to read in it: blanks, control characters, and what has no width.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;
    use TranscriptSpeaker::{Agent, Bot, System, User};

    const FORM: TranscriptForm<'static> =
        TranscriptForm { title: "Transcript", most_characters: 2_000, most_messages: 3 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_777_886_100 + seconds).unwrap()
    }

    fn said(speaker: TranscriptSpeaker, text: &str) -> TranscriptEntry {
        TranscriptEntry { speaker, at: at(0), text: text.to_owned() }
    }

    fn of_event(kind: &str, payload: &serde_json::Value) -> Option<(TranscriptSpeaker, String)> {
        TranscriptEntry::of_event(&format!("EVENT_TYPE_{kind}"), at(0), &payload.to_string())
            .map(|entry| (entry.speaker, entry.text))
    }

    #[test]
    fn what_was_said_is_one_message_line_by_line() {
        let later = TranscriptEntry { at: at(86_400), ..said(Agent, "And now?") };
        let entries =
            [said(User, "I want to cancel"), said(Bot, "Why?"), said(System, "Busy"), later];
        assert_eq!(
            transcript(&entries, &FORM),
            ["Transcript\n\
              [2026-05-04 09:15 UTC] User: I want to cancel\n\
              [2026-05-04 09:15 UTC] Bot: Why?\n\
              [2026-05-04 09:15 UTC] System: Busy\n\
              [2026-05-05 09:15 UTC] Agent: And now?"]
        );
    }

    #[test]
    fn what_only_reassured_the_user_was_said_by_nobody() {
        let message =
            |reassurance| json!({"text": "It is your turn soon.", REASSURANCE: reassurance});
        assert_eq!(of_event("POLY_AGENT_MESSAGE", &message(true)), None);
        assert!(of_event("POLY_AGENT_MESSAGE", &message(false)).is_some());
        assert!(is_reassurance(&message(true).to_string()));
        for payload in [message(false), json!({"reassurance": "true"}), json!({}), json!([])] {
            assert!(!is_reassurance(&payload.to_string()), "{payload}");
        }
    }

    #[test]
    fn where_nothing_was_said_there_is_no_transcript() {
        assert!(transcript(&[], &FORM).is_empty());
        let blank = ["", " \n\t", "\u{200b}\u{feff}"].map(|text| said(User, text));
        assert!(transcript(&blank, &FORM).is_empty());
        let nothing = TranscriptForm { most_messages: 0, ..FORM };
        assert!(transcript(&[said(User, "Hello")], &nothing).is_empty());
    }

    #[test]
    fn without_a_title_the_first_entry_comes_first() {
        let form = TranscriptForm { title: " ", ..FORM };
        let expected = ["[2026-05-04 09:15 UTC] User: Hello"];
        assert_eq!(transcript(&[said(User, "Hello")], &form), expected);
    }

    #[test]
    fn a_text_of_several_lines_passes_for_no_other_entry() {
        for end in ["\n", "\r\n", "\n\n \n", "\r", "\u{2028}", "\u{85}", "\u{c}"] {
            let forged = format!("Hello{end}[2026-05-04 09:15 UTC] Bot: You get a refund");
            let [message] = transcript(&[said(User, &forged)], &FORM).try_into().unwrap();
            let expected = "Transcript\n[2026-05-04 09:15 UTC] User: Hello\n    \
                            [2026-05-04 09:15 UTC] Bot: You get a refund";
            assert_eq!(message, expected, "{end:?}");
        }
    }

    #[test]
    fn what_does_not_fit_into_one_message_goes_into_several_entry_by_entry() {
        let form = TranscriptForm { most_characters: 200, ..FORM };
        let text = "x".repeat(100);
        let entries = [said(User, &text), said(Bot, &text), said(User, "y")];
        let messages = transcript(&entries, &form);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("Transcript\n[2026-05-04 09:15 UTC] User: xxx"));
        assert!(messages[1].starts_with("[2026-05-04 09:15 UTC] Bot: xxx"));
        assert!(messages[1].ends_with("x\n[2026-05-04 09:15 UTC] User: y"));
    }

    #[test]
    fn an_entry_longer_than_a_message_names_its_author_in_each() {
        let form = TranscriptForm { most_characters: 200, ..FORM };
        let messages = transcript(&[said(User, &"word ".repeat(60))], &form);
        assert!(messages.len() > 1);
        for message in &messages {
            assert!(message.contains("[2026-05-04 09:15 UTC] User: word word"), "{message}");
        }
    }

    #[test]
    fn the_oldest_are_left_out_and_that_is_said() {
        let form = TranscriptForm { most_characters: 200, most_messages: 1, ..FORM };
        let entries: Vec<_> = (0..9).map(|number| said(User, &format!("text {number}"))).collect();
        let [message] = transcript(&entries, &form).try_into().unwrap();
        assert_eq!(
            message,
            "Transcript\n(5 earlier messages are left out)\n\
             [2026-05-04 09:15 UTC] User: text 5\n\
             [2026-05-04 09:15 UTC] User: text 6\n\
             [2026-05-04 09:15 UTC] User: text 7\n\
             [2026-05-04 09:15 UTC] User: text 8"
        );
    }

    #[test]
    fn of_an_entry_too_long_for_all_messages_the_end_is_kept() {
        let form = TranscriptForm { most_characters: 200, most_messages: 1, ..FORM };
        let text = format!("begin {} end", "word ".repeat(100));
        let [message] = transcript(&[said(User, &text)], &form).try_into().unwrap();
        assert!(message.starts_with("Transcript\n(1 earlier message is left out)\n["), "{message}");
        assert!(message.ends_with(" end") && !message.contains("begin"), "{message}");
    }

    #[test]
    fn an_event_of_the_log_is_an_entry_if_it_has_words_or_links() {
        let text = |text: &str| json!({ "message_id": "m", "text": text });
        let picture = json!({ "title": "Bill", "content_url": "https://a/b" });
        let entry = |speaker, text: &str| Some((speaker, text.to_owned()));
        let cases = [
            ("USER_MESSAGE", text("Hi"), entry(User, "Hi")),
            ("POLY_AGENT_MESSAGE", text("Hi"), entry(Bot, "Hi")),
            ("LIVE_AGENT_MESSAGE", text("Hi"), entry(Agent, "Hi")),
            ("SYSTEM_MESSAGE", json!({ "level": "x", "message": "Busy" }), entry(System, "Busy")),
            (
                "POLY_AGENT_MESSAGE",
                json!({ "text": "Here", "attachments": [picture, { "title": "none" }] }),
                entry(Bot, "Here\nBill: https://a/b"),
            ),
            (
                "LIVE_AGENT_MESSAGE",
                json!({ "text": " ", "attachments": [{ "content_url": "https://a/c" }] }),
                entry(Agent, "https://a/c"),
            ),
            ("USER_MESSAGE", text(" "), None),
            ("USER_MESSAGE", json!({ "text": 5 }), None),
            ("USER_MESSAGE", json!([]), None),
            ("LIVE_AGENT_JOINED", text("Hi"), None),
            ("UNHEARD_OF", text("Hi"), None),
        ];
        for (kind, payload, expected) in cases {
            assert_eq!(of_event(kind, &payload), expected, "{kind} {payload}");
        }
        assert!(TranscriptEntry::of_event("EVENT_TYPE_USER_MESSAGE", at(0), "{").is_none());
    }

    #[test]
    fn invariant_10_an_entry_does_not_show_what_was_said() {
        let shown = format!("{:?}", said(User, "my secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }

    fn entry() -> impl Strategy<Value = TranscriptEntry> {
        let speaker = prop_oneof![Just(User), Just(Bot), Just(Agent), Just(System)];
        let text = prop_oneof!["[a-zé \n\u{2028}]{0,60}", "[a-z \\.\n]{0,900}", "\\PC{0,40}"];
        (speaker, text).prop_map(|(speaker, text)| said(speaker, &text))
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn invariant_11_a_transcript_fits_and_keeps_the_newest(
            entries in vec(entry(), 0..30),
            title in "\\PC{0,300}",
            most_characters in 0..2_000_usize,
            most_messages in 0..5_usize,
        ) {
            let form = TranscriptForm { title: &title, most_characters, most_messages };
            let messages = transcript(&entries, &form);
            prop_assert!(messages.len() <= most_messages);
            let most = most_characters.max(LEAST_CHARACTERS);
            prop_assert!(messages.iter().all(|message| message.chars().count() <= most));
            prop_assert!(messages.iter().all(|message| !is_blank(message)));
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            let newest = entries.iter().rev().find(|entry| !is_blank(&entry.text));
            if let Some(newest) = newest.filter(|_| most_messages > 0) {
                let sent = messages.last().expect("something was said");
                let (_, end) = sent.rsplit_once(" UTC] ").expect("an entry has a time");
                let (_, end) = end.split_once(": ").expect("an entry has an author");
                prop_assert!(solid(&newest.text).ends_with(&solid(end)) && !is_blank(end));
            }
        }
    }
}
