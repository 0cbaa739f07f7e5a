//! Whose chat something belongs to: learned from whatever names two of the three ids.

use crate::bounded_map::BoundedMap;

/// How many of each are remembered.
const MOST: usize = 10_000;

/// Who takes part in something, as far as it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) session_id: Option<String>,
    pub(crate) end_user_id: Option<String>,
    pub(crate) conversation_id: Option<String>,
}

/// Which session is which end user's, and which conversation.
#[derive(Debug)]
pub(crate) struct Parties {
    session_of_end_user: BoundedMap,
    end_user_of_conversation: BoundedMap,
}

impl Parties {
    pub(crate) fn new() -> Self {
        Self {
            session_of_end_user: BoundedMap::new(MOST),
            end_user_of_conversation: BoundedMap::new(MOST),
        }
    }

    /// Takes in what the party says; what was said first stands, so that no forgery changes it.
    /// Whether anything of it is news.
    pub(crate) fn learn(&mut self, party: &Party) -> bool {
        let Some(end_user_id) = &party.end_user_id else { return false };
        let conversation = party.conversation_id.as_ref();
        let of_conversation =
            conversation.is_some_and(|id| self.end_user_of_conversation.insert(id, end_user_id));
        let session = party.session_id.as_ref();
        let of_session = session.is_some_and(|id| self.session_of_end_user.insert(end_user_id, id));
        of_conversation || of_session
    }

    /// The party's session.
    pub(crate) fn session(&self, party: &Party) -> Option<String> {
        let of_conversation = || {
            let id = party.conversation_id.as_ref()?;
            self.end_user_of_conversation.get(id)
        };
        party.session_id.clone().or_else(|| {
            let end_user_id = party.end_user_id.as_ref().or_else(of_conversation)?;
            self.session_of_end_user.get(end_user_id).cloned()
        })
    }
}
