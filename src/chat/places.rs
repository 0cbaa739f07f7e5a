//! Places, of which nobody gets more than a share.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// So many places, and of them so many for each holder.
#[derive(Debug)]
pub struct Places<K> {
    most: usize,
    share: usize,
    taken: Arc<Mutex<Taken<K>>>,
}

/// How many places are taken, and by whom.
#[derive(Debug)]
struct Taken<K> {
    all: usize,
    by_holder: HashMap<K, usize>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    holder: Option<K>,
    taken: Arc<Mutex<Taken<K>>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// All of them are taken.
    AllTaken,
    /// The holder has its share.
    ShareTaken,
}

impl<K: Clone + Eq + Hash> Places<K> {
    /// `most` places for all together, `share` of them for each.
    pub fn new(most: usize, share: usize) -> Self {
        let taken = Taken { all: 0, by_holder: HashMap::new() };
        Self { most, share, taken: Arc::new(Mutex::new(taken)) }
    }

    /// A place for this holder; without one, it counts among all alone.
    ///
    /// # Errors
    ///
    /// [`NoPlace`], if there is none for it.
    pub fn take(&self, holder: Option<K>) -> Result<Place<K>, NoPlace> {
        let mut taken = lock(&self.taken);
        if taken.all >= self.most {
            return Err(NoPlace::AllTaken);
        }
        if let Some(holder) = &holder {
            let held = taken.by_holder.get(holder).copied().unwrap_or(0);
            if held >= self.share {
                return Err(NoPlace::ShareTaken);
            }
            taken.by_holder.insert(holder.clone(), held + 1);
        }
        taken.all += 1;
        drop(taken);
        Ok(Place { holder, taken: Arc::clone(&self.taken) })
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        let held = self.holder.take().map(|holder| taken.by_holder.entry(holder));
        if let Some(Entry::Occupied(mut held)) = held {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holder_has_its_share_and_no_more() {
        let places = Places::new(10, 2);
        let held: Vec<_> = (0..2).map(|_| places.take(Some("a")).unwrap()).collect();
        assert_eq!(places.take(Some("a")).unwrap_err(), NoPlace::ShareTaken);
        let other = places.take(Some("b")).unwrap();
        drop(held);
        assert!(places.take(Some("a")).is_ok());
        drop(other);
    }

    #[test]
    fn there_are_no_more_places_than_all_whoever_asks() {
        let places = Places::new(3, 2);
        let held: Vec<_> =
            [Some("a"), None, None].map(|holder| places.take(holder).unwrap()).into();
        for holder in [Some("a"), Some("b"), None] {
            assert_eq!(places.take(holder).unwrap_err(), NoPlace::AllTaken);
        }
        drop(held);
        assert!(places.take(Some("b")).is_ok());
    }

    #[test]
    fn invariant_11_who_holds_nothing_is_not_remembered() {
        let places = Places::new(10, 2);
        for holder in 0..1_000 {
            let place = places.take(Some(holder)).unwrap();
            assert_eq!(lock(&places.taken).by_holder.len(), 1);
            drop(place);
        }
        assert!(lock(&places.taken).by_holder.is_empty());
        assert_eq!(lock(&places.taken).all, 0);
    }
}
