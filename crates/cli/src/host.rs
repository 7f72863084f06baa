//! What each system does in its own way: who is at the command line, how a process is told to stop, what it may have, and who may
//! read its files. Everything else of the command line is the same on all of them.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::{
    StopSignal, begin_again_with, bind_to_core, keep_memory_private, raise_open_files, usable_cores, user,
};
#[cfg(windows)]
pub(crate) use self::windows::{
    ConsoleStop as StopSignal, begin_again_with, bind_to_core, keep_memory_private, raise_open_files,
    usable_cores, user,
};
