//! Linux.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The most cores a machine may have for them to be told apart.
const MAX_CORES: usize = 1_024;

/// The user this process belongs to, and behind it who became that user by `sudo`.
pub(crate) fn user() -> String {
    let user = named(rustix::process::geteuid().as_raw());
    match std::env::var("SUDO_USER") {
        Ok(behind) if !behind.is_empty() && behind != user => format!("{user}/{behind}"),
        _ => user,
    }
}

/// The name of a user of this machine, or its number.
fn named(number: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number_of) = (parts.next()?, parts.nth(1)?);
        (number_of.parse() == Ok(number)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| number.to_string())
}

/// Lets this process open as many files as the system allows it, and says how many that is.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    // Nothing is lost when it is refused: the limit stays what it was.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current
}

/// Has the system keep no image of this process when it falls, and lets no other process of this user look into it: there
/// are keys in its memory.
pub(crate) fn keep_memory_private() {
    // The limit for files, the other for systems that pipe the image to a program, which heed no limit. Whoever may not even
    // do this has been told by the system, and is none the worse for it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Has this process begin again with more variables in its environment, for what looks there before anything of ours runs.
/// Where it has all of them already, or cannot begin again, it goes on as it is.
pub(crate) fn begin_again_with(variables: &[(&str, &str)]) {
    let mut missing = variables.iter().filter(|(name, _)| std::env::var_os(name).is_none()).peekable();
    if missing.peek().is_none() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1)).envs(missing.copied());
    // It returns only when it fails.
    let _ = std::os::unix::process::CommandExt::exec(&mut again);
}

/// The cores this process may use.
pub(crate) fn usable_cores() -> io::Result<Vec<usize>> {
    let mine = sched_getaffinity(None)?;
    Ok((0..MAX_CORES).filter(|core| mine.is_set(*core)).collect())
}

/// Binds this thread, and every thread it starts from now on, to a core.
pub(crate) fn bind_to_core(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Being told to stop: Ctrl-C or SIGTERM. It is heard from when this value is made, so make it before anybody is told
/// that the process is ready.
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for it.
    pub(crate) async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
