//! A disk in memory under the embedded database, for trying what becomes of a center whose machine fails.
//!
//! # What it keeps
//!
//! Of each file there are two images: what the system would read back now, and what is on the platter. Between the two lie the
//! writes that were not synced yet. When the process dies ([`MemoryDisk::after_kill`]) the system has everything; when the power fails
//! ([`MemoryDisk::after_power_cut`]) only what was synced is certain. Of the rest, each file keeps nothing, everything, or of each write some
//! sectors and not others, in no order: so writes are lost, torn and reordered, as disks do it. A truncation is kept or not by itself; that a
//! file is made or removed is certain at once.
//!
//! # How it fails
//!
//! It counts what changes something: each write, truncation, removal and sync is one [operation](MemoryDisk::operations). At a
//! chosen one it dies ([`MemoryDisk::cut_at`]): that operation may or may not have been done, and every later one fails. It can be full
//! ([`MemoryDisk::limit`]), and its syncs can lie ([`MemoryDisk::lie`]), which no database survives: whoever looks for lost
//! commits has to find some then.
//!
//! # How it is reached
//!
//! All disks are one file system of `SQLite` ([`VFS`]); the first step of a path says which disk ([`MemoryDisk::path`]). Locks and
//! shared memory are those of one process, which is all that opens a disk in memory. What is under the file system is safe
//! code; the table of C functions is the module `vfs`.

mod chance;
mod content;
mod file;
mod image;
mod locks;
mod memory_disk;
mod mount;
mod shared_memory;
#[expect(unsafe_code, reason = "a file system of SQLite is a table of C functions")]
mod vfs;

pub use memory_disk::{MemoryDisk, Mistake};
pub use vfs::VFS;

#[cfg(test)]
mod tests;
