//! What both databases hold of a table.

use super::page::TableSum;

/// What a table is found to hold on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// The table.
    pub table: &'static str,
    /// In the source.
    pub source: TableSum,
    /// In the target.
    pub target: TableSum,
}

impl Compared {
    /// Whether both hold the same.
    pub fn is_alike(&self) -> bool {
        self.source == self.target
    }
}
