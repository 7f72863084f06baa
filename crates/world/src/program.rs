//! A blocking program in a world of tasks.
//!
//! The institution's client blocks: it calls, waits and goes on, on whatever thread calls it. Here that is a thread of its own,
//! and while it runs the world waits for it, with its only thread; whatever it needs of the world (an answer, a span of time)
//! it asks for, and then the thread waits and the world goes on. So never do both go at once, no time passes while the program
//! thinks, and a seed decides its course as it does everybody else's. A thread that is done is kept for the next call.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
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

/// How often the world looks after a program before it sleeps until it hears of it. Where both have one core, each look gives
/// the core to the program, and none of them wakes the other.
const LOOKS: u32 = 64;

/// What a thread does next.
type Job = Box<dyn FnOnce() + Send>;

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
    /// Threads that wait for something to do; they end with the program.
    idle: Mutex<Vec<Sender<Job>>>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    pub(crate) fn new(clock: &WallClock, chance: Chance) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            now_millis: AtomicI64::new(0),
            chance: Mutex::new(chance),
            idle: Mutex::default(),
        })
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
        let (result, done) = channel();
        self.tell_time();
        let thread = self.thread();
        let job = move || {
            BRIDGE.set(Some(Bridge { wishes, granted }));
            // Whoever asked waits for it.
            let _ = result.send(work());
            // Which closes this side.
            BRIDGE.set(None);
        };
        thread.send(Box::new(job)).expect("a thread that waits");
        while let Ok(wish) = next(&asked) {
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
        let done = next(&done).expect("the program does not panic");
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        done
    }

    /// A thread that waits for something to do.
    fn thread(&self) -> Sender<Job> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| {
            let (jobs, waiting) = channel::<Job>();
            std::thread::spawn(move || waiting.iter().for_each(|job| job()));
            jobs
        })
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

/// What comes next of a thread.
fn next<T>(from: &Receiver<T>) -> Result<T, RecvError> {
    for _ in 0..LOOKS {
        match from.try_recv() {
            Ok(next) => return Ok(next),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
    from.recv()
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
