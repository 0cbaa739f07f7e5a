//! The bot for trying things out.

use std::borrow::Cow;

use baton_core::event::{OfferedIn, ResponseSuggestion};
use serde_json::Map;

use crate::{
    answer::{BotAnswer, HandoffWish},
    turn::{HandoverState, Turn, TurnKind},
};

/// Words that ask for a person.
const PERSON: [&str; 9] = [
    "advisor",
    "agent",
    "agents",
    "human",
    "humans",
    "operator",
    "people",
    "person",
    "representative",
];

/// Words that end the chat.
const FAREWELL: [&str; 5] = ["bye", "exit", "farewell", "goodbye", "quit"];

/// What the offer of a person says when it is tapped. It holds one of [`PERSON`].
const OFFER: &str = "Talk to an agent";

/// How much of what the user wrote is repeated.
const MOST_REPEATED: usize = 200;

/// What the built-in bot says to the turn. It says nothing while a person may have the chat.
pub(crate) fn answer(turn: &Turn<'_>) -> BotAnswer {
    match &turn.kind {
        TurnKind::SessionStart => offering(
            "Hello! I am the bot that is built into Baton. Write me something, or ask for a person."
                .to_owned(),
        ),
        TurnKind::UserMessage { message } => answer_message(&message.text),
        TurnKind::HandoverUpdate { handover } => answer_handover(handover.state),
        TurnKind::SessionEnd => BotAnswer::default(),
    }
}

fn answer_message(text: &str) -> BotAnswer {
    if has_word(text, &PERSON) {
        return BotAnswer {
            handoff: Some(HandoffWish::Integration {
                name: "genesys".to_owned(),
                hints: Map::new(),
            }),
            ..saying("I'll connect you with a person now.".to_owned())
        };
    }
    if has_word(text, &FAREWELL) {
        return BotAnswer { end_conversation: true, ..saying("Goodbye!".to_owned()) };
    }
    if has_word(text, &["help"]) {
        return offering(
            "I repeat what you write. \"agent\" connects you with a person, \"bye\" ends the chat."
                .to_owned(),
        );
    }
    offering(format!("You wrote: {}", beginning(text)))
}

fn answer_handover(state: HandoverState) -> BotAnswer {
    match state {
        HandoverState::Completed => {
            offering("You are back with the bot. Is there anything else?".to_owned())
        }
        HandoverState::Error => {
            offering("I could not reach a person. You can try again, or go on with me.".to_owned())
        }
        // A person may have the chat; or it has ended with the user.
        HandoverState::Queued
        | HandoverState::Active
        | HandoverState::Cancelled
        | HandoverState::Update
        | HandoverState::AlreadyInProgress => BotAnswer::default(),
    }
}

fn saying(utterance: String) -> BotAnswer {
    BotAnswer { utterance: Some(utterance), ..BotAnswer::default() }
}

fn offering(utterance: String) -> BotAnswer {
    let offer = ResponseSuggestion {
        message_text: Cow::Borrowed(OFFER),
        payload: None,
        offered_in: OfferedIn::QuickReply,
    };
    BotAnswer { suggestions: vec![offer], ..saying(utterance) }
}

fn has_word(text: &str, words: &[&str]) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)))
}

/// So much of the text that its repetition can be read at a glance.
fn beginning(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    match text.char_indices().nth(MOST_REPEATED) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(text))),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use baton_core::tenant::TenantKey;

    use super::*;
    use crate::turn::{Handover, SessionFacts, UserMessage};

    fn tell(kind: TurnKind<'_>) -> BotAnswer {
        let session = SessionFacts {
            id: "s-1".into(),
            tenant: TenantKey::new("acme", "support", "live"),
            external_id: None,
            platform: None,
            custom: Map::new(),
        };
        answer(&Turn { id: "t-1".into(), kind, session })
    }

    fn say(text: &str) -> BotAnswer {
        tell(TurnKind::UserMessage { message: UserMessage { id: "m-1".into(), text: text.into() } })
    }

    fn update(state: HandoverState) -> BotAnswer {
        let handover = Handover { state, reason: None, text: None, data: None };
        tell(TurnKind::HandoverUpdate { handover })
    }

    #[test]
    fn it_greets_and_offers_a_person() {
        let greeting = tell(TurnKind::SessionStart);
        assert!(greeting.utterance.unwrap().starts_with("Hello"));
        assert_eq!(greeting.suggestions[0].message_text, "Talk to an agent");
        assert!(greeting.handoff.is_none() && !greeting.end_conversation);
    }

    #[test]
    fn it_repeats_the_beginning_of_what_it_is_told() {
        assert_eq!(say(" Füße ").utterance.unwrap(), "You wrote: Füße");
        assert_eq!(say("").utterance.unwrap(), "You wrote: ");
        let long = say(&"ü".repeat(100_000)).utterance.unwrap();
        assert_eq!(long.chars().count(), "You wrote: ".len() + MOST_REPEATED + 1);
    }

    #[test]
    fn it_hands_over_to_whoever_asks_for_a_person() {
        for text in [OFFER, "AGENT!", "a real person, please", "(human)", "bye. Or an operator?"] {
            let answer = say(text);
            assert!(answer.utterance.is_some() && !answer.end_conversation, "{text}");
            let Some(HandoffWish::Integration { name, hints }) = answer.handoff else {
                panic!("{text}");
            };
            assert_eq!((name.as_str(), hints.len()), ("genesys", 0));
        }
    }

    #[test]
    fn a_word_that_only_holds_such_a_word_is_none() {
        for text in ["personal", "agentur", "byelaw", "humanity"] {
            let answer = say(text);
            assert!(answer.handoff.is_none() && !answer.end_conversation, "{text}");
        }
    }

    #[test]
    fn it_ends_on_a_farewell() {
        for text in ["bye", "Good bye.", "QUIT"] {
            let answer = say(text);
            assert!(answer.end_conversation && answer.utterance.is_some(), "{text}");
        }
    }

    #[test]
    fn it_explains_itself() {
        assert!(say("Help!").utterance.unwrap().contains("\"agent\""));
    }

    #[test]
    fn it_speaks_again_once_nobody_else_has_the_chat() {
        for state in [HandoverState::Completed, HandoverState::Error] {
            let answer = update(state);
            assert!(answer.utterance.is_some() && answer.handoff.is_none(), "{state:?}");
        }
    }

    #[test]
    fn it_is_silent_while_nobody_hears_it() {
        for state in [
            HandoverState::Queued,
            HandoverState::Active,
            HandoverState::Cancelled,
            HandoverState::Update,
            HandoverState::AlreadyInProgress,
        ] {
            assert_eq!(update(state), BotAnswer::default(), "{state:?}");
        }
        assert_eq!(tell(TurnKind::SessionEnd), BotAnswer::default());
    }
}
