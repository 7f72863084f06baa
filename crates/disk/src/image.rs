//! Everything on a disk, and in what state the disk is.

use std::collections::BTreeMap;

use crate::chance::Chance;
use crate::content::Content;
use crate::file::DiskFile;
use crate::locks::FileLocks;
use crate::shared_memory::SharedMemory;

/// Why a disk does not do what it is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DiskFault {
    /// Its power is off.
    Dead,
    /// There is no room.
    Full,
}

/// The content of a disk.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) files: BTreeMap<String, DiskFile>,
    pub(crate) locks: BTreeMap<String, FileLocks>,
    pub(crate) shared: BTreeMap<String, SharedMemory>,
    pub(crate) chance: Chance,
    pub(crate) operations: u64,
    pub(crate) cut_at: Option<u64>,
    pub(crate) room: Option<u64>,
    pub(crate) lying: bool,
    pub(crate) dead: bool,
    /// Numbers given to files and to who opened them.
    numbers: u64,
}

impl Image {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(BTreeMap::new(), Chance::new(seed), 0)
    }

    fn with(files: BTreeMap<String, DiskFile>, chance: Chance, numbers: u64) -> Self {
        Self {
            files,
            locks: BTreeMap::new(),
            shared: BTreeMap::new(),
            chance,
            operations: 0,
            cut_at: None,
            room: None,
            lying: false,
            dead: false,
            numbers,
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The disk of the next life, with what `left` says is left of each file.
    pub(crate) fn left(&mut self, left: impl Fn(&DiskFile, &mut Chance) -> Content) -> Self {
        let mut chance = self.chance.fork();
        let keep = |(name, file): (&String, &DiskFile)| {
            (name.clone(), DiskFile::of(file.number, left(file, &mut chance)))
        };
        let files = self.files.iter().map(keep).collect();
        Self::with(files, chance, self.numbers)
    }

    /// One operation begins; whether it is the one at which the power fails. It fails before the operation or after it.
    fn begin(&mut self) -> Result<bool, DiskFault> {
        if self.dead {
            return Err(DiskFault::Dead);
        }
        self.operations += 1;
        self.dead = self.cut_at.is_some_and(|at| self.operations >= at);
        if self.dead && self.chance.below(2) == 0 {
            return Err(DiskFault::Dead);
        }
        Ok(self.dead)
    }

    fn end(last: bool) -> Result<(), DiskFault> {
        if last { Err(DiskFault::Dead) } else { Ok(()) }
    }

    pub(crate) fn write(&mut self, name: &str, at: usize, bytes: &[u8]) -> Result<(), DiskFault> {
        let last = self.begin()?;
        let grows =
            self.files.get(name).map_or(0, |file| (at + bytes.len()).saturating_sub(file.content().size()));
        if grows > 0 && self.room.is_some_and(|room| self.bytes() + grows as u64 > room) {
            return Err(DiskFault::Full);
        }
        // A file that was removed is written to by whoever still has it open, and nobody reads it again.
        if let Some(file) = self.files.get_mut(name) {
            file.write(at, bytes);
        }
        Self::end(last)
    }

    pub(crate) fn truncate(&mut self, name: &str, size: usize) -> Result<(), DiskFault> {
        let last = self.begin()?;
        if let Some(file) = self.files.get_mut(name) {
            file.truncate(size);
        }
        Self::end(last)
    }

    pub(crate) fn sync(&mut self, name: &str) -> Result<(), DiskFault> {
        let last = self.begin()?;
        if !self.lying
            && let Some(file) = self.files.get_mut(name)
        {
            file.sync();
        }
        Self::end(last)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        let last = self.begin()?;
        self.files.remove(name);
        Self::end(last)
    }

    /// The number of a file, which is made when it is not there and may be.
    pub(crate) fn open(&mut self, name: &str, make: bool) -> Result<Option<u64>, DiskFault> {
        if self.dead {
            return Err(DiskFault::Dead);
        }
        if let Some(file) = self.files.get(name) {
            return Ok(Some(file.number));
        }
        if !make {
            return Ok(None);
        }
        let number = self.number();
        self.files.insert(name.to_owned(), DiskFile::of(number, Content::default()));
        Ok(Some(number))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.content().size() as u64).sum()
    }
}
