//! A vendor's file in this process: loaded once, and called from one thread, one call after the other.
//!
//! A vendor's function waits for a person at a camera or a keypad, or for a device that was unplugged, and nothing in
//! its documents says for how long. No call of ours may take as long as it likes, and no thread can be ended from
//! outside. So the function runs on a thread that belongs to the file. Whoever asks waits as long as the site says and
//! then goes on without an answer, and an answer that comes later is dropped: a check nobody waits for proves nothing.
//! While the function does not return, the next ones to ask find it busy. Whoever goes takes back what it handed over, so
//! that no check is made for nobody and no password lies in a queue.
//!
//! It is one thread for all who name the same file, because vendors' libraries are old: they are not made for two
//! calls at once, and some tie what they opened to the thread that opened it.

use std::ffi::c_char;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libloading::{Library as SharedObject, Symbol};
use zeroize::Zeroizing;

/// Bytes of the output a vendor's function writes to; their documents ask for 20,480 at most.
const OUTPUT: usize = 64 * 1024;
/// Bytes of the stack it runs on: that of a main thread on Linux, because that is where it is used to run.
const STACK: usize = 8 * 1024 * 1024;
/// Calls that wait for the one that is being made; one more is told that the file is busy.
pub(super) const WAITING: usize = 16;

type NationEcTrans = unsafe extern "system" fn(*const c_char, *const c_char, *mut c_char) -> *const c_char;

/// The files that are loaded, by where they are.
static LOADED: Mutex<Vec<(PathBuf, Weak<File>)>> = Mutex::new(Vec::new());

/// Why a call has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Silence {
    /// Too many wait already; it was not called.
    Busy,
    /// It did not return in time.
    Late,
    /// The file does not have the function, or its thread is gone.
    Gone,
}

/// What the loader of the system says; the library around it only says that there was something.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// A loaded file.
pub(super) struct File {
    loaded: Arc<SharedObject>,
    calls: Option<SyncSender<Call>>,
    /// Whether the vendor's function is running, or about to be.
    running: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a call hands in: texts that end in NUL.
pub(super) struct Texts {
    pub(super) url: Zeroizing<Vec<u8>>,
    pub(super) request: Zeroizing<Vec<u8>>,
}

/// One call, and where its output goes.
struct Call {
    function: String,
    /// Until the thread takes them, or whoever handed them over takes them back.
    texts: Arc<Mutex<Option<Texts>>>,
    output: SyncSender<Zeroizing<Vec<u8>>>,
}

impl File {
    /// Loads the file, unless it is loaded already.
    #[expect(unsafe_code, reason = "a vendor's file is loaded and runs as part of this process")]
    pub(super) fn open(path: &Path) -> Result<Arc<Self>, String> {
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, file)| file.strong_count() > 0);
        if let Some(file) = all.iter().find(|(known, _)| *known == place).and_then(|(_, file)| file.upgrade())
        {
            return Ok(file);
        }
        // SAFETY: loading runs what the vendor has it run. The site names the file in its configuration, as it would
        // link it into its program; nothing here can check more than that it is there.
        let loaded = Arc::new(unsafe { SharedObject::new(path) }.map_err(|error| cause(&error))?);
        let (calls, waiting) = mpsc::sync_channel(WAITING);
        let running = Arc::new(AtomicBool::new(false));
        let of_thread = (Arc::clone(&loaded), Arc::clone(&running));
        let thread = thread::Builder::new()
            .name("yanmi-vendor".to_owned())
            .stack_size(STACK)
            .spawn(move || serve(&of_thread.0, &of_thread.1, &waiting))
            .map_err(|error| error.to_string())?;
        let file = Arc::new(Self { loaded, calls: Some(calls), running, thread: Some(thread) });
        all.push((place, Arc::downgrade(&file)));
        Ok(file)
    }

    /// Whether it has a function of this name.
    pub(super) fn has(&self, function: &str) -> bool {
        find(&self.loaded, function).is_some()
    }

    /// The bytes the function wrote before the first NUL, when it returns within `patience`.
    pub(super) fn call(
        &self,
        function: &str,
        texts: Texts,
        patience: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, Silence> {
        let (output, answer) = mpsc::sync_channel(1);
        let texts = Arc::new(Mutex::new(Some(texts)));
        let call = Call { function: function.to_owned(), texts: Arc::clone(&texts), output };
        self.calls.as_ref().ok_or(Silence::Gone)?.try_send(call).map_err(|error| match error {
            TrySendError::Full(_) => Silence::Busy,
            TrySendError::Disconnected(_) => Silence::Gone,
        })?;
        answer.recv_timeout(patience).map_err(|error| {
            drop(take(&texts));
            match error {
                RecvTimeoutError::Timeout => Silence::Late,
                RecvTimeoutError::Disconnected => Silence::Gone,
            }
        })
    }
}

impl Drop for File {
    /// Waits for the thread, so that it is over before a program unloads this library; not for a function that does
    /// not return.
    fn drop(&mut self) {
        self.calls = None;
        // Everybody who asked has gone by now, and has taken back what the thread had not taken before. So either this
        // sees that a call is running, or the thread finds nothing to call with.
        if let Some(thread) = self.thread.take().filter(|_| !self.running.load(Ordering::SeqCst)) {
            // An error would be a panic of the thread, which then is over as well.
            let _ = thread.join();
        }
    }
}

/// Makes the calls, until nobody can make one any more.
fn serve(loaded: &SharedObject, running: &AtomicBool, waiting: &Receiver<Call>) {
    for call in waiting {
        running.store(true, Ordering::SeqCst);
        let output = take(&call.texts).and_then(|texts| run(loaded, &call.function, &texts));
        running.store(false, Ordering::SeqCst);
        if let Some(output) = output {
            // Whoever has gone meanwhile does not want it.
            let _ = call.output.send(output);
        }
    }
}

fn take(texts: &Mutex<Option<Texts>>) -> Option<Texts> {
    texts.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[expect(unsafe_code, reason = "a vendor's function is called")]
fn run(loaded: &SharedObject, function: &str, texts: &Texts) -> Option<Zeroizing<Vec<u8>>> {
    let function = find(loaded, function)?;
    let mut output = Zeroizing::new(vec![0_u8; OUTPUT]);
    let (url, request) = (texts.url.as_ptr().cast(), texts.request.as_ptr().cast());
    // SAFETY: both inputs end in NUL and outlive the call, the output has more room than the documents ask for. The
    // answer is not followed, so it may be anything.
    let _ = unsafe { function(url, request, output.as_mut_ptr().cast()) };
    let end = output.iter().position(|byte| *byte == 0).unwrap_or(0);
    output.truncate(end);
    Some(output)
}

#[expect(unsafe_code, reason = "a vendor's function has the type its documents say it has")]
fn find<'a>(loaded: &'a SharedObject, function: &str) -> Option<Symbol<'a, NationEcTrans>> {
    // SAFETY: three pointers in, one out, stdcall on Windows, is how every document describes this function.
    unsafe { loaded.get(function.as_bytes()) }.ok()
}
