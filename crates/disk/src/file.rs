//! One file: what is read back, what is certain, and what lies between.
//!
//! What is certain is not kept, but what each change since the last sync replaced: a sync only forgets that, and when the power
//! fails the changes are taken back, from the last to the first.

use crate::chance::Chance;
use crate::content::Content;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

#[derive(Clone, Copy, Debug)]
enum ChangeKind {
    /// Of so many bytes.
    Write(usize),
    Truncate,
}

/// A change that is not certain.
#[derive(Clone, Debug)]
struct Change {
    kind: ChangeKind,
    /// Where it begins: of a truncation, the new size.
    at: usize,
    /// What was there.
    replaced: Vec<u8>,
    /// The size before.
    size: usize,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskFile {
    /// Which file of this name it is.
    pub(crate) number: u64,
    content: Content,
    pending: Vec<Change>,
}

impl DiskFile {
    /// A file whose content is certain.
    pub(crate) fn of(number: u64, content: Content) -> Self {
        Self { number, content, pending: Vec::new() }
    }

    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.note(ChangeKind::Write(bytes.len()), at, bytes.len());
        self.content.write(at, bytes);
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        self.note(ChangeKind::Truncate, size, usize::MAX);
        self.content.resize(size);
    }

    fn note(&mut self, kind: ChangeKind, at: usize, count: usize) {
        let replaced = self.content.bytes(at, count);
        self.pending.push(Change { kind, at, replaced, size: self.content.size() });
    }

    pub(crate) fn sync(&mut self) {
        self.pending.clear();
    }

    /// What is on the platter after the power failed.
    pub(crate) fn after_power_cut(&self, chance: &mut Chance) -> Content {
        let mut content = self.content.clone();
        let undo = |change: &Change| {
            let written = match change.kind {
                ChangeKind::Write(count) => Some(content.bytes(change.at, count)),
                ChangeKind::Truncate => None,
            };
            content.resize(change.size);
            content.write(change.at, &change.replaced);
            (change.at, written)
        };
        let undone: Vec<(usize, Option<Vec<u8>>)> = self.pending.iter().rev().map(undo).collect();
        let kept = chance.below(4);
        for (at, written) in undone.into_iter().rev() {
            let Some(bytes) = written else {
                if chance.below(2) == 0 {
                    content.resize(at);
                }
                continue;
            };
            for (sector, bytes) in bytes.chunks(SECTOR).enumerate() {
                // Nothing, everything, or each sector by itself.
                let is_kept = match kept {
                    0 => false,
                    1 => true,
                    _ => chance.below(2) == 0,
                };
                if is_kept {
                    content.write(at + sector * SECTOR, bytes);
                }
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_synced_is_taken_back_or_kept() {
        let mut file = DiskFile::default();
        file.write(0, &[1; 2_000]);
        file.sync();
        file.write(1_500, &[2; 1_000]);
        file.write(5_000, &[3; 10]);
        file.truncate(700);
        file.write(600, &[4; 300]);
        let now = file.content().bytes(0, usize::MAX);
        assert_eq!(now.len(), 900);
        let (mut lost, mut kept) = (0, 0);
        for seed in 0..200 {
            let left = file.after_power_cut(&mut Chance::new(seed)).bytes(0, usize::MAX);
            lost += usize::from(left == vec![1; 2_000]);
            kept += usize::from(left == now);
            assert!(left.len() >= 700 && left[..600] == [1; 600], "what was synced is there");
        }
        assert!(lost > 20 && kept > 10 && lost + kept < 190, "{lost} lost, {kept} kept of 200");
    }
}
