//! Which conversation lives on which channel.

use std::collections::{HashMap, VecDeque};

/// The topics that a channel takes (Genesys reference, 4.2).
pub(crate) const TOPICS_PER_CHANNEL: usize = 1000;

/// The topics of one conversation.
pub(crate) const TOPICS_PER_CONVERSATION: usize = 4;

/// The conversations that a channel takes.
pub(crate) const CONVERSATIONS_PER_CHANNEL: usize = TOPICS_PER_CHANNEL / TOPICS_PER_CONVERSATION;

/// The channels that Genesys keeps for one OAuth client; the next one evicts another.
pub(crate) const MOST_CHANNELS: usize = 20;

/// Fills one channel before it asks for the next, and never asks for more than it may.
#[derive(Debug)]
pub(crate) struct Placement {
    /// How many conversations each channel has. No more entries than channels are allowed.
    loads: Vec<usize>,
    /// `None`: there was no room.
    places: HashMap<String, Option<usize>>,
    /// Those without a place, oldest first.
    waiting: VecDeque<String>,
}

impl Placement {
    /// Nothing placed, on so many channels at most: at least one, never above twenty.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            loads: vec![0; most.clamp(1, MOST_CHANNELS)],
            places: HashMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// How many channels there may be.
    pub(crate) fn most(&self) -> usize {
        self.loads.len()
    }

    /// Gives a conversation its channel, the first that has room. `None` if all are full: it has
    /// to wait until another leaves.
    pub(crate) fn add(&mut self, conversation_id: &str) -> Option<usize> {
        if let Some(place) = self.places.get(conversation_id) {
            return *place;
        }
        let place = self.take_room();
        if place.is_none() {
            self.waiting.push_back(conversation_id.to_owned());
        }
        self.places.insert(conversation_id.to_owned(), place);
        place
    }

    /// Where a conversation is.
    pub(crate) fn of(&self, conversation_id: &str) -> Option<usize> {
        self.places.get(conversation_id).copied().flatten()
    }

    /// Takes a conversation away. If another waited for room, that one has it now: its id, and
    /// the channel.
    pub(crate) fn remove(&mut self, conversation_id: &str) -> Option<(String, usize)> {
        let Some(channel) = self.places.remove(conversation_id)? else {
            self.waiting.retain(|waiting| waiting != conversation_id);
            return None;
        };
        if let Some(load) = self.loads.get_mut(channel) {
            *load -= 1;
        }
        let next = self.waiting.pop_front()?;
        let channel = self.take_room()?;
        self.places.insert(next.clone(), Some(channel));
        Some((next, channel))
    }

    /// The conversations that wait for room.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &str> {
        self.waiting.iter().map(String::as_str)
    }

    fn take_room(&mut self) -> Option<usize> {
        let channel = self.loads.iter().position(|load| *load < CONVERSATIONS_PER_CHANNEL)?;
        *self.loads.get_mut(channel)? += 1;
        Some(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(most: usize, conversations: usize) -> Placement {
        let mut placement = Placement::new(most);
        for number in 0..conversations {
            placement.add(&number.to_string());
        }
        placement
    }

    #[test]
    fn invariant_9_a_channel_takes_a_thousand_topics_and_the_next_handoff_the_next_channel() {
        assert_eq!(baton_handoff::topics::of("any").len(), TOPICS_PER_CONVERSATION);
        let mut placement = filled(20, 250);
        assert_eq!(placement.of("0"), Some(0));
        assert_eq!(placement.of("249"), Some(0));
        assert_eq!(placement.add("250"), Some(1));
    }

    #[test]
    fn invariant_9_there_is_never_a_channel_above_the_configured_number_nor_a_21st() {
        let mut placement = filled(2, 500);
        assert_eq!(placement.add("one more"), None);
        let mut placement = filled(99, 5000);
        assert_eq!(placement.of("4999"), Some(19));
        assert_eq!(placement.add("one more"), None);
        assert_eq!(Placement::new(0).most(), 1);
    }

    #[test]
    fn a_channel_with_room_is_filled_before_the_next() {
        let mut placement = filled(2, 251);
        assert_eq!(placement.remove("7"), None);
        assert_eq!(placement.add("new"), Some(0));
        assert_eq!(placement.add("newer"), Some(1));
    }

    #[test]
    fn the_oldest_that_waits_gets_the_room_that_another_leaves() {
        let mut placement = filled(1, 250);
        for waiting in ["a", "b", "c"] {
            assert_eq!(placement.add(waiting), None);
        }
        assert_eq!(placement.remove("a"), None);
        assert_eq!(placement.remove("0"), Some(("b".to_owned(), 0)));
        assert_eq!(placement.waiting().collect::<Vec<_>>(), ["c"]);
        assert_eq!(placement.of("b"), Some(0));
    }

    #[test]
    fn a_conversation_is_placed_once() {
        let mut placement = Placement::new(1);
        for _ in 0..300 {
            assert_eq!(placement.add("the same"), Some(0));
        }
        assert_eq!(placement.add("another"), Some(0));
        assert_eq!(placement.remove("unknown"), None);
    }
}
