//! Windows: what vendors have on their desks. A center is run on Linux; here it is the sandbox and the tools.

use std::io;

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

/// The user who is logged in.
pub(crate) fn user() -> String {
    std::env::var("USERNAME").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "windows".to_owned())
}

/// There is no such limit.
pub(crate) const fn raise_open_files() -> Option<u64> {
    None
}

/// Nothing to do: no image of a process that falls is kept unless somebody with the machine's rights has asked for it.
pub(crate) const fn keep_memory_private() {}

/// A process does not become another one here; it goes on as it is.
pub(crate) const fn begin_again_with(_: &[(&str, &str)]) {}

/// Measurements that start a center themselves bind it to a core, which is not done here.
pub(crate) fn usable_cores() -> io::Result<Vec<usize>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not done here.
pub(crate) fn bind_to_core(_: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Being told to stop: Ctrl-C, Ctrl-Break, its window closed or the machine going down. It is heard from when this value is
/// made, so make it before anybody is told that the process is ready.
pub(crate) struct ConsoleStop {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl ConsoleStop {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            stop: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits for it.
    pub(crate) async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
