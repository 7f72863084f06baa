//! A blocking program in a world of tasks.
//!
//! The institution's client blocks: it calls, waits and goes on, on whatever thread calls it. Here that is a thread of its own,
//! and while it runs the world waits for it, with its only thread; whatever it needs of the world (an answer, a span of time)
//! it asks for, and then the thread waits and the world goes on. So never do both go at once, no time passes while the program
//! thinks, and a seed decides its course as it does everybody else's.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use yanmi_client::transport::{Limits, RawAnswer, TransportError, Trouble};
use yanmi_client::{Ambient, Transport};
use yanmi_protocol::UnixMillis;

use crate::chance::Chance;
use crate::clock::{BEGIN, WallClock};
use crate::wire::{Caller, Message};

/// What a program asks the world for.
enum Wish {
    Post { path: String, body: String, within: Duration },
    Pause(Duration),
}

/// What a thread and the world say to each other.
struct Bridge {
    wishes: Sender<Wish>,
    granted: Receiver<Option<Message>>,
}

thread_local! {
    static BRIDGE: RefCell<Option<Bridge>> = const { RefCell::new(None) };
}

/// A program's surroundings: its network, time and chance.
pub(crate) struct Program {
    clock: WallClock,
    /// What time it is, while the program runs.
    now_millis: AtomicI64,
    chance: Mutex<Chance>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    pub(crate) fn new(clock: &WallClock, chance: Chance) -> Arc<Self> {
        Arc::new(Self { clock: clock.clone(), now_millis: AtomicI64::new(0), chance: Mutex::new(chance) })
    }

    /// Has the program do something, and grants what it asks for meanwhile. `line` may change what
    /// is answered to a path and a body, if anything is.
    ///
    /// # Panics
    /// When the program does.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        caller: &Caller,
        line: impl Fn((&str, &str), Option<Message>) -> Option<Message>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (wishes, asked) = channel();
        let (grants, granted) = channel();
        self.tell_time();
        let thread = std::thread::spawn(move || {
            BRIDGE.set(Some(Bridge { wishes, granted }));
            let done = work();
            BRIDGE.set(None);
            done
        });
        // The thread's end closes its side.
        while let Ok(wish) = asked.recv() {
            let answer = match wish {
                Wish::Post { path, body, within } => {
                    let answer = caller.post(&path, &body, within).await;
                    line((&path, &body), answer)
                }
                Wish::Pause(span) => {
                    tokio::time::sleep(span).await;
                    None
                }
            };
            self.tell_time();
            if grants.send(answer).is_err() {
                break;
            }
        }
        thread.join().expect("the program does not panic")
    }

    fn tell_time(&self) {
        self.now_millis.store(self.clock.now().get(), Ordering::Relaxed);
    }

    /// Asks the world, and waits.
    fn ask(wish: Wish) -> Option<Message> {
        BRIDGE.with_borrow(|bridge| {
            let bridge = bridge.as_ref()?;
            bridge.wishes.send(wish).ok()?;
            bridge.granted.recv().ok().flatten()
        })
    }
}

impl Transport for Program {
    fn post(&self, url: &str, body: &str, limits: Limits) -> Result<RawAnswer, TransportError> {
        let path = url.find("/cfc/").map_or(url, |at| &url[at..]);
        let wish = Wish::Post { path: path.to_owned(), body: body.to_owned(), within: limits.whole };
        let answer =
            Self::ask(wish).ok_or(TransportError { trouble: Trouble::TimedOut, may_have_arrived: true })?;
        let status =
            answer.status().ok_or(TransportError { trouble: Trouble::NotHttp, may_have_arrived: true })?;
        Ok(RawAnswer { status, server_time: None, retry_after: None, body: answer.body })
    }
}

impl Ambient for Program {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(self.now_millis.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        let since = self.now_millis.load(Ordering::Relaxed) - BEGIN.get();
        Duration::from_millis(u64::try_from(since).unwrap_or(0))
    }

    fn pause(&self, span: Duration) {
        Self::ask(Wish::Pause(span));
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.fill_with(|| chance.word().to_be_bytes()[0]);
    }
}
