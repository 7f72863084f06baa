//! One file: what is read back, what is certain, and what lies between.

use crate::chance::Chance;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskFile {
    /// Which file of this name it is.
    pub(crate) number: u64,
    data: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

impl DiskFile {
    /// A file whose content is certain.
    pub(crate) fn of(number: u64, data: Vec<u8>) -> Self {
        Self { number, durable: data.clone(), data, pending: Vec::new() }
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.data, at, bytes);
        self.pending.push(Change::Write(at, bytes.to_vec()));
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        self.data.resize(size, 0);
        self.pending.push(Change::Truncate(size));
    }

    pub(crate) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Truncate(size) => self.durable.resize(size, 0),
                Change::Write(at, bytes) => put(&mut self.durable, at, &bytes),
            }
        }
    }

    /// What is on the platter after the power failed.
    pub(crate) fn after_power_cut(&self, chance: &mut Chance) -> Vec<u8> {
        let mut data = self.durable.clone();
        let kept = chance.below(4);
        for change in &self.pending {
            match change {
                Change::Truncate(size) => {
                    if chance.below(2) == 0 {
                        data.resize(*size, 0);
                    }
                }
                Change::Write(at, bytes) => {
                    for (sector, bytes) in bytes.chunks(SECTOR).enumerate() {
                        // Nothing, everything, or each sector by itself.
                        let is_kept = match kept {
                            0 => false,
                            1 => true,
                            _ => chance.below(2) == 0,
                        };
                        if is_kept {
                            put(&mut data, at + sector * SECTOR, bytes);
                        }
                    }
                }
            }
        }
        data
    }
}

fn put(data: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if data.len() < end {
        data.resize(end, 0);
    }
    data[at..end].copy_from_slice(bytes);
}
