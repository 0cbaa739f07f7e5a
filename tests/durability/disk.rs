//! A disk that forgets: what is written is there at once for whoever reads it, and stands after a
//! power cut only if it was synced before.
//!
//! It is stricter than a file system: a new name stands only once its folder was synced, and of
//! what was not synced anything may survive or not, a part of a write too.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use baton_tests::chance::Chance;

use crate::operations::{FOLDER, Operation};

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Survives {
    Nothing,
    /// As far as the disk had got, the last write in part.
    TheFirst,
    /// Whatever the disk happened to write, each in whole or in part.
    Some,
}

/// The files of one folder.
pub(crate) struct Disk<'a> {
    names: Cached<'a, Names<'a>>,
    files: Vec<Cached<'a, Vec<u8>>>,
    /// What a sync covers that has begun, by its thread and its file.
    begun: HashMap<(u32, Option<usize>), u64>,
}

/// Files by their names.
pub(crate) type Image = BTreeMap<String, Vec<u8>>;

impl<'a> Disk<'a> {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { names: Cached::new(), files: Vec::new(), begun: HashMap::new() }
    }

    /// Does what the process did.
    pub(crate) fn run(&mut self, operation: &Operation<'a>) {
        match *operation {
            Operation::Create { file } => {
                self.files.push(Cached::new());
                self.names.change(Naming::Create(file, self.files.len() - 1));
            }
            Operation::Remove { file } => self.names.change(Naming::Remove(file)),
            Operation::Write { file, offset, data } => {
                let at = usize::try_from(offset).expect("an offset");
                self.file(file).change(Change::Write { at, data });
            }
            Operation::Truncate { file, length } => {
                let length = usize::try_from(length).expect("a length");
                self.file(file).change(Change::Truncate { length });
            }
            Operation::SyncBegins { file, thread } => {
                let file = self.synced(file);
                let covers = match file {
                    Some(number) => self.files[number].changes(),
                    None => self.names.changes(),
                };
                self.begun.insert((thread, file), covers);
            }
            Operation::Synced { file, thread } => {
                let file = self.synced(file);
                let covers = self.begun.remove(&(thread, file)).expect("the sync has begun");
                match file {
                    Some(number) => self.files[number].sync(covers),
                    None => self.names.sync(covers),
                }
            }
            Operation::Answer { .. } | Operation::Frames { .. } => {}
        }
    }

    /// What whoever opens the files now reads.
    pub(crate) fn now(&self) -> Image {
        image(&self.names.now, |number| self.files[number].now.clone())
    }

    /// What is there when the power comes back.
    pub(crate) fn after_a_cut(&self, survives: Survives, chance: &mut Chance) -> Image {
        let names = self.names.after_a_cut(survives, chance);
        image(&names, |number| self.files[number].after_a_cut(survives, chance))
    }

    fn number(&self, file: &str) -> usize {
        let known = self.names.now.get(file);
        *known.unwrap_or_else(|| panic!("{file} was there before the first record"))
    }

    fn file(&mut self, file: &str) -> &mut Cached<'a, Vec<u8>> {
        let number = self.number(file);
        &mut self.files[number]
    }

    /// Which file is synced; `None` for the folder.
    fn synced(&self, file: &str) -> Option<usize> {
        (file != FOLDER).then(|| self.number(file))
    }
}

fn image(names: &Names<'_>, mut content: impl FnMut(usize) -> Vec<u8>) -> Image {
    names.iter().map(|(name, number)| ((*name).to_owned(), content(*number))).collect()
}

/// Writes the files into an empty folder.
pub(crate) fn restore(image: &Image, folder: &Path) {
    for (name, content) in image {
        fs::write(folder.join(name), content).expect("a file of the image");
    }
}

/// Reads the files of a folder, as [`Disk::now`] should be.
pub(crate) fn look(folder: &Path) -> Image {
    let entries = fs::read_dir(folder).expect("the folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths
        .map(|path| (name(&path), fs::read(&path).expect("a file")))
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect()
}

/// Something that can be changed, change by change.
trait State<'a>: Clone + Default {
    type Change: Copy;
    fn apply(&mut self, change: Self::Change);
    /// A part of the change, as the power cut leaves it.
    fn torn(change: Self::Change, chance: &mut Chance) -> Self::Change;
}

/// What is on the disk, and what only waits to get there.
struct Cached<'a, S: State<'a>> {
    durable: S,
    waiting: Vec<S::Change>,
    /// How many changes are in `durable`.
    settled: u64,
    now: S,
}

impl<'a, S: State<'a>> Cached<'a, S> {
    fn new() -> Self {
        Self { durable: S::default(), waiting: Vec::new(), settled: 0, now: S::default() }
    }

    fn change(&mut self, change: S::Change) {
        self.now.apply(change);
        self.waiting.push(change);
    }

    fn changes(&self) -> u64 {
        self.settled + self.waiting.len() as u64
    }

    /// Settles the first so many changes.
    fn sync(&mut self, changes: u64) {
        let fresh = changes.saturating_sub(self.settled);
        for change in self.waiting.drain(..usize::try_from(fresh).expect("a count")) {
            self.durable.apply(change);
        }
        self.settled += fresh;
    }

    fn after_a_cut(&self, survives: Survives, chance: &mut Chance) -> S {
        let mut state = self.durable.clone();
        let length = self.waiting.len();
        let first = match survives {
            Survives::Nothing => 0,
            Survives::TheFirst => chance.pick(0..length + 1),
            Survives::Some => length,
        };
        let survivors = self.waiting[..first].iter().enumerate();
        for (place, change) in survivors {
            let (kept, torn) = match survives {
                Survives::Some => (chance.once_in(2), chance.once_in(4)),
                _ => (true, place + 1 == first),
            };
            if kept {
                state.apply(if torn { S::torn(*change, chance) } else { *change });
            }
        }
        state
    }
}

/// Which file has which name.
type Names<'a> = BTreeMap<&'a str, usize>;

#[derive(Clone, Copy)]
enum Naming<'a> {
    Create(&'a str, usize),
    Remove(&'a str),
}

impl<'a> State<'a> for Names<'a> {
    type Change = Naming<'a>;

    fn apply(&mut self, change: Naming<'a>) {
        match change {
            Naming::Create(name, number) => self.insert(name, number),
            Naming::Remove(name) => self.remove(name),
        };
    }

    /// A name is there or not.
    fn torn(change: Naming<'a>, _chance: &mut Chance) -> Naming<'a> {
        change
    }
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Write { at: usize, data: &'a [u8] },
    Truncate { length: usize },
}

impl<'a> State<'a> for Vec<u8> {
    type Change = Change<'a>;

    fn apply(&mut self, change: Change<'a>) {
        match change {
            Change::Write { at, data } => {
                let end = at + data.len();
                self.resize(self.len().max(end), 0);
                self[at..end].copy_from_slice(data);
            }
            Change::Truncate { length } => self.resize(length, 0),
        }
    }

    fn torn(change: Change<'a>, chance: &mut Chance) -> Change<'a> {
        match change {
            Change::Write { at, data } => {
                Change::Write { at, data: &data[..chance.pick(0..data.len() + 1)] }
            }
            Change::Truncate { .. } => change,
        }
    }
}
