//! A way to PostgreSQL that understands what passes, and can end before or after any message of it.
//!
//! Both directions are read as the protocol frames them (version 3): a startup message has no type, every other message is a
//! byte and a length that counts itself. A request for TLS or for GSSAPI encryption is a startup message too, and what
//! answers it is a single byte, after which the startup message proper comes. How the network cuts what is said into pieces
//! does not matter: a message is passed on when all of it is there.
//!
//! Messages are counted in each direction, on each connection by itself, from the moment one is looked at. Where a cut was
//! asked for, both ends lose the connection at once: the server hears nothing more, and whatever it has still said is
//! thrown away.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use yanmi_center::config::{Database, PostgresSettings};

/// No message of a test is as long; what claims to be is not the protocol.
const LONGEST: usize = 16 * 1024 * 1024;
/// Whoever waits for something to pass has waited in vain after this.
const LONG: Duration = Duration::from_secs(10);
/// What the startup message says instead of a version to ask for TLS, and for GSSAPI encryption.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
/// Stands for the type of a message that has none.
pub(crate) const STARTUP: char = '^';
/// The same for a startup message that asks for encryption.
pub(crate) const ASKS_FOR_ENCRYPTION: char = '?';

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Speaker {
    Client,
    Server,
}

/// When a connection ends, seen from a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moment {
    /// It is not passed on.
    Before,
    /// It is the last that is passed on in either direction.
    After,
}

/// Where a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    pub(crate) speaker: Speaker,
    /// Which of the speaker's messages, from 1.
    pub(crate) message: usize,
    pub(crate) moment: Moment,
}

/// What happens to the next commit that passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CommitFate {
    /// It passes.
    Passes,
    /// The connection is cut before the server hears of it.
    Unheard,
    /// The connection is cut when the server has answered.
    Unanswered,
}

/// A message, or what stands for one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) tag: char,
    /// As it came, its type and length included.
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    /// What a client has done, or prepared to be done.
    fn statement(&self) -> Option<&str> {
        let text = match self.tag {
            'Q' => self.bytes.get(5..)?,
            // The name comes first.
            'P' => self.bytes.get(5..)?.splitn(2, |byte| *byte == 0).nth(1)?,
            _ => return None,
        };
        std::str::from_utf8(text.split(|byte| *byte == 0).next()?).ok()
    }
}

/// What one side has said, cut into messages.
#[derive(Debug)]
pub(crate) struct Messages {
    bytes: Vec<u8>,
    starts: bool,
    /// Single bytes that are to come before anything else.
    single: usize,
}

impl Messages {
    pub(crate) fn of(speaker: Speaker) -> Self {
        Self { bytes: Vec::new(), starts: speaker == Speaker::Client, single: 0 }
    }

    /// A piece that has come.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// A single byte comes next, which answers a request for encryption.
    pub(crate) fn expect_single(&mut self) {
        self.single += 1;
    }

    /// The next message, if all of it has come.
    pub(crate) fn next(&mut self) -> Option<Message> {
        let first = char::from(*self.bytes.first()?);
        if self.single > 0 {
            self.single -= 1;
            return Some(Message { tag: first, bytes: self.bytes.drain(..1).collect() });
        }
        let typed = usize::from(!self.starts);
        let length = u32::from_be_bytes(*self.bytes.get(typed..)?.first_chunk()?);
        let length = typed + usize::try_from(length).expect("a length");
        assert!((typed + 4..LONGEST).contains(&length), "a message of {length} bytes");
        if self.bytes.len() < length {
            return None;
        }
        let bytes: Vec<u8> = self.bytes.drain(..length).collect();
        if typed > 0 {
            return Some(Message { tag: first, bytes });
        }
        let code = bytes.get(4..).and_then(<[u8]>::first_chunk).copied().map(u32::from_be_bytes);
        self.starts = code.is_some_and(|code| ENCRYPTION.contains(&code));
        Some(Message { tag: if self.starts { ASKS_FOR_ENCRYPTION } else { STARTUP }, bytes })
    }
}

/// One connection that passes.
#[derive(Debug, Default)]
struct Passage {
    /// The process that serves it.
    pid: Option<i32>,
    is_over: bool,
    /// Who said what since it is looked at.
    said: Vec<(Speaker, char)>,
    /// The statements that were ever said or prepared on it.
    statements: BTreeSet<String>,
    cut: Option<Cut>,
    task: Option<AbortHandle>,
}

/// What all connections have in common.
#[derive(Debug)]
struct Passages {
    all: Vec<Passage>,
    /// Where those end that come next.
    next: VecDeque<Option<Cut>>,
    fate: CommitFate,
    /// Cuts that were made.
    made: usize,
    /// Whether those that come now are ended at once.
    refuses: bool,
}

#[derive(Debug)]
struct Gate {
    passages: Mutex<Passages>,
    /// Something was said, or a connection ended.
    moved: Notify,
}

/// A way to the server that can be cut.
#[derive(Debug)]
pub(crate) struct Proxy {
    socket: PathBuf,
    port: u16,
    gate: Arc<Gate>,
    open: Mutex<Option<JoinHandle<()>>>,
}

impl Passage {
    fn says(&self, words: &str) -> bool {
        self.statements.iter().any(|text| text.contains(words))
    }
}

impl Gate {
    fn passages(&self) -> MutexGuard<'_, Passages> {
        // A test that panics ends its connections too.
        self.passages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// To the server whose socket this is.
    pub(crate) async fn new(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let passages = Passages {
            all: Vec::new(),
            next: VecDeque::new(),
            fate: CommitFate::Passes,
            made: 0,
            refuses: false,
        };
        let gate = Arc::new(Gate { passages: Mutex::new(passages), moved: Notify::new() });
        let proxy = Self { socket, port, gate, open: Mutex::new(None) };
        proxy.serve(listener);
        proxy
    }

    fn serve(&self, listener: TcpListener) {
        let (socket, gate) = (self.socket.clone(), Arc::clone(&self.gate));
        let open = tokio::spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                // Connections that have ended are not kept.
                while passing.try_join_next().is_some() {}
                let Some(of) = Turnstile::enter(&gate) else { continue };
                let (socket, at) = (socket.clone(), of.at);
                let task = passing.spawn(async move { pass(client, &socket, of).await });
                gate.passages().all[at].task = Some(task);
            }
        });
        *self.open.lock().expect("no panic") = Some(open);
    }

    fn passages(&self) -> MutexGuard<'_, Passages> {
        self.gate.passages()
    }

    /// Cuts everything; nobody listens any more.
    pub(crate) async fn close(&self) {
        let open = self.open.lock().expect("no panic").take();
        if let Some(open) = open {
            open.abort();
            let _ = open.await;
        }
    }

    /// Listens again after [`Self::close`].
    pub(crate) async fn open(&self) {
        self.serve(TcpListener::bind(("127.0.0.1", self.port)).await.expect("the same port"));
    }

    /// The same database, by this way.
    pub(crate) fn to(&self, database: &Database) -> Database {
        let Database::Postgres(settings) = database else { panic!("on PostgreSQL") };
        let hosts = vec![("127.0.0.1".to_owned(), self.port)];
        Database::Postgres(PostgresSettings { hosts, ..settings.clone() })
    }

    pub(crate) fn next_commit(&self, fate: CommitFate) {
        self.passages().fate = fate;
    }

    /// From now on connections end as soon as they come, or are served again.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.passages().refuses = refuses;
    }

    /// Where the connections end that come next, in their order.
    pub(crate) fn cut_next(&self, cuts: impl IntoIterator<Item = Option<Cut>>) {
        self.passages().next = cuts.into_iter().collect();
    }

    /// The newest connection on which a statement with these words was said or prepared.
    pub(crate) fn newest_with(&self, words: &str) -> usize {
        let newest = self.passages().all.iter().rposition(|passage| passage.says(words));
        newest.unwrap_or_else(|| panic!("nobody said {words}"))
    }

    /// Ends a connection now.
    pub(crate) fn end(&self, connection: usize) {
        if let Some(task) = &self.passages().all[connection].task {
            task.abort();
        }
    }

    /// Waits until so many cuts were made.
    pub(crate) async fn until_made(&self, count: usize) {
        self.until(|all| all.made >= count).await;
    }

    /// Waits until there have been so many connections.
    pub(crate) async fn until_so_many(&self, count: usize) {
        self.until(|all| all.all.len() >= count).await;
    }

    /// Waits until the newest connection with a statement of these words is there, and its server has nothing more to say
    /// than what others tell.
    pub(crate) async fn until_ready(&self, words: &str) {
        let is_ready = |passage: &Passage| {
            !passage.is_over && matches!(passage.said.last(), Some((Speaker::Server, 'A' | 'Z')))
        };
        self.until(|all| all.all.iter().rfind(|passage| passage.says(words)).is_some_and(is_ready)).await;
    }

    async fn until(&self, is_so: impl Fn(&Passages) -> bool) {
        loop {
            let moved = self.gate.moved.notified();
            if is_so(&self.passages()) {
                return;
            }
            tokio::time::timeout(LONG, moved).await.expect("something passes");
        }
    }

    /// Counts anew on a connection, and ends it there.
    pub(crate) fn look_at(&self, connection: usize, cut: Option<Cut>) {
        let passage = &mut self.passages().all[connection];
        passage.said.clear();
        passage.cut = cut;
    }

    /// What was said on a connection since it is looked at.
    pub(crate) fn said(&self, connection: usize) -> Vec<(Speaker, char)> {
        self.passages().all[connection].said.clone()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.passages().all.len()
    }

    /// How many cuts were made.
    pub(crate) fn made(&self) -> usize {
        self.passages().made
    }

    /// The server's processes behind the connections that are not over.
    pub(crate) fn processes(&self) -> Vec<i32> {
        self.passages().all.iter().filter(|passage| !passage.is_over).filter_map(|p| p.pid).collect()
    }
}

/// Whether every cut there is shall be made, also of those that are like others.
pub(crate) fn all_cuts() -> bool {
    std::env::var_os("YANMI_ALL_CUTS").is_some()
}

/// Every cut of a connection on which this is said, in this order.
pub(crate) fn cuts_of(said: &[(Speaker, char)]) -> Vec<Cut> {
    let cuts = (1..).zip(said).flat_map(|(upto, (speaker, _))| {
        let message = said.iter().take(upto).filter(|(by, _)| by == speaker).count();
        [Moment::Before, Moment::After].map(|moment| Cut { speaker: *speaker, message, moment })
    });
    cuts.collect()
}

/// Those of [`cuts_of`] after which not the same was heard as after another. Before a message and after the one of the same
/// speaker that has just passed is the same; and of messages of one type that follow each other, as rows of an answer do
/// and what a server says of its settings, the first and the last are enough.
pub(crate) fn distinct_cuts_of(said: &[(Speaker, char)]) -> Vec<Cut> {
    let all = cuts_of(said);
    if all_cuts() {
        return all;
    }
    let is_within = |at: usize| {
        let (before, after) = (at.checked_sub(1).and_then(|at| said.get(at)), said.get(at + 1));
        before == said.get(at) && after == said.get(at)
    };
    let follows = |at: usize| at > 0 && said[at - 1].0 == said[at].0;
    let is_like_another = |at: usize, moment| is_within(at) || moment == Moment::Before && follows(at);
    let distinct = all.into_iter().enumerate().filter(|(at, cut)| !is_like_another(at / 2, cut.moment));
    distinct.map(|(_, cut)| cut).collect()
}

/// Where the messages of one connection pass.
struct Turnstile {
    gate: Arc<Gate>,
    at: usize,
}

/// What becomes of a message, and of its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Leave {
    passes: bool,
    ends: bool,
}

impl Turnstile {
    fn enter(gate: &Arc<Gate>) -> Option<Self> {
        let mut all = gate.passages();
        if all.refuses {
            return None;
        }
        let cut = all.next.pop_front().flatten();
        all.all.push(Passage { cut, ..Passage::default() });
        Some(Self { gate: Arc::clone(gate), at: all.all.len() - 1 })
    }

    fn meets(&self, speaker: Speaker, message: &Message) -> Leave {
        let mut all = self.gate.passages();
        let statement = message.statement().filter(|_| speaker == Speaker::Client);
        let fate = match statement {
            Some("COMMIT") => std::mem::replace(&mut all.fate, CommitFate::Passes),
            _ => CommitFate::Passes,
        };
        let passage = &mut all.all[self.at];
        if let Some(statement) = statement {
            passage.statements.insert(statement.to_owned());
        }
        if let (Speaker::Server, 'K', Some(pid)) = (speaker, message.tag, message.bytes.get(5..9)) {
            passage.pid = pid.first_chunk().copied().map(i32::from_be_bytes);
        }
        passage.said.push((speaker, message.tag));
        let count = |of| passage.said.iter().filter(|(by, _)| *by == of).count();
        if fate == CommitFate::Unanswered {
            let message = count(Speaker::Server) + 1;
            passage.cut = Some(Cut { speaker: Speaker::Server, message, moment: Moment::Before });
        }
        let here = |cut: &Cut| cut.speaker == speaker && cut.message == count(speaker);
        let leave = match passage.cut.filter(here) {
            _ if fate == CommitFate::Unheard => Leave { passes: false, ends: true },
            Some(cut) => Leave { passes: cut.moment == Moment::After, ends: true },
            None => Leave { passes: true, ends: false },
        };
        passage.is_over = leave.ends;
        all.made += usize::from(leave.ends);
        self.gate.moved.notify_waiters();
        leave
    }
}

impl Drop for Turnstile {
    fn drop(&mut self) {
        self.gate.passages().all[self.at].is_over = true;
        self.gate.moved.notify_waiters();
    }
}

async fn pass(mut client: TcpStream, socket: &Path, of: Turnstile) {
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    client.set_nodelay(true).expect("a socket");
    let (mut asked, mut answered) = (Messages::of(Speaker::Client), Messages::of(Speaker::Server));
    let (mut from_client, mut from_server) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        let speaker = tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(count @ 1..) = read else { return };
                asked.push(&from_client[..count]);
                Speaker::Client
            }
            read = server.read(&mut from_server) => {
                let Ok(count @ 1..) = read else { return };
                answered.push(&from_server[..count]);
                Speaker::Server
            }
        };
        loop {
            let next = if speaker == Speaker::Client { asked.next() } else { answered.next() };
            let Some(message) = next else { break };
            if message.tag == ASKS_FOR_ENCRYPTION {
                answered.expect_single();
            }
            let leave = of.meets(speaker, &message);
            let passed = match (leave.passes, speaker) {
                (false, _) => return,
                (true, Speaker::Client) => server.write_all(&message.bytes).await,
                (true, Speaker::Server) => client.write_all(&message.bytes).await,
            };
            if leave.ends || passed.is_err() {
                return;
            }
        }
    }
}
