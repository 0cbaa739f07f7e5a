//! A map that forgets its oldest entry when it is full.

use std::collections::{HashMap, VecDeque};

/// From one text to another, at most so many.
#[derive(Debug)]
pub(crate) struct BoundedMap {
    most: usize,
    values: HashMap<String, String>,
    order: VecDeque<String>,
}

impl BoundedMap {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, values: HashMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&String> {
        self.values.get(key)
    }

    /// Gives the key this value, unless it has one. Whether it had none.
    pub(crate) fn insert(&mut self, key: &str, value: &str) -> bool {
        if self.values.contains_key(key) {
            return false;
        }
        self.values.insert(key.to_owned(), value.to_owned());
        self.order.push_back(key.to_owned());
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut map = BoundedMap::new(2);
        assert!(map.insert("a", "1") && map.insert("b", "2"));
        assert!(!map.insert("a", "2") && map.insert("c", "3"));
        assert_eq!((map.get("a"), map.get("c").map(String::as_str)), (None, Some("3")));
    }
}
