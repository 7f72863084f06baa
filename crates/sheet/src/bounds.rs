//! What a file may have at most. The fuzzer meets smaller bounds: its files are small, and would never come to these.

/// Bytes of a file: 60,000 rows of five columns are 5 MiB of CSV.
pub const MAX_FILE: usize = 8 * 1024 * 1024;
/// Bytes of all that is in an XLSX file: its XML is some ten times larger than what is said in it. The cells of a table have
/// no more than that either.
pub const MAX_UNPACKED: u64 = if cfg!(fuzzing) { 64 * 1024 } else { 64 * 1024 * 1024 };
/// Rows below the heading: more than a province has institutions.
pub const MAX_ROWS: usize = if cfg!(fuzzing) { 100 } else { 60_000 };
/// Columns.
pub const MAX_COLUMNS: usize = 20;
/// Characters of a cell.
pub const MAX_CHARACTERS: usize = 200;
