//! Whether the user chose what was offered.

use baton_core::event::ResponseSuggestion;

/// The open suggestion that the user's text is the choice of. Clients send the choice's words as a
/// message of the user, and nothing else (Messaging API, 8.2); to Genesys it goes as the response
/// to what was offered.
///
/// Suggestions are open as long as the message that made them is the agent's last. White space
/// around the words does not count. Where two choices of the same words stand for different
/// things, it is not known which was meant: then there is none.
pub fn quick_reply<'s, 'a>(
    text: &str,
    suggestions: &'s [ResponseSuggestion<'a>],
) -> Option<&'s ResponseSuggestion<'a>> {
    let chosen = text.trim();
    let mut meant = suggestions.iter().filter(|choice| choice.message_text.trim() == chosen);
    let first = meant.next().filter(|_| !chosen.is_empty())?;
    meant.all(|other| other.payload == first.payload).then_some(first)
}

#[cfg(test)]
mod tests {
    use baton_core::event::OfferedIn;

    use super::*;

    fn choice(text: &'static str, payload: &'static str) -> ResponseSuggestion<'static> {
        let payload = (!payload.is_empty()).then(|| payload.into());
        ResponseSuggestion { message_text: text.into(), payload, offered_in: OfferedIn::QuickReply }
    }

    #[test]
    fn a_text_is_the_choice_of_the_same_words() {
        let open = [choice("Sales", "sales"), choice(" Help me ", "help"), choice("", "none")];
        let cases = [
            ("Sales", Some("sales")),
            (" Sales\n", Some("sales")),
            ("Help me", Some("help")),
            ("sales", None),
            ("Sales please", None),
            ("Help", None),
            ("", None),
            (" ", None),
        ];
        for (text, payload) in cases {
            let chosen = quick_reply(text, &open).and_then(|choice| choice.payload.as_deref());
            assert_eq!(chosen, payload, "{text:?}");
        }
        assert!(quick_reply("Sales", &[]).is_none());
    }

    #[test]
    fn a_choice_without_payload_is_one() {
        assert!(quick_reply("Yes", &[choice("Yes", "")]).is_some());
    }

    #[test]
    fn the_same_choice_twice_is_one_but_two_of_the_same_words_are_none() {
        assert!(quick_reply("Book", &[choice("Book", "a"), choice("Book", "a")]).is_some());
        assert!(quick_reply("Book", &[choice("Book", "a"), choice("Book", "b")]).is_none());
    }
}
