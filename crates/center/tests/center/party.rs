//! The parties that call the center or are called by it, played by a script instead of the simulator, where a test
//! wants them to say or do what no simulated party would.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::message::national::{self, Credential, PasswordQuestion};
use yanmi_protocol::{ChannelId, Code, EcToken, Members, PasswordDigest, Region, Sm4Key};

use crate::plan::credential;
use crate::site::AMPLE;
use crate::wire::read_message;

/// Something to wait at until it is closed; who comes later does not wait.
pub(crate) type Gate = Arc<Semaphore>;

/// A gate at which everybody waits until [`Semaphore::close`].
pub(crate) fn gate() -> Gate {
    Arc::new(Semaphore::new(0))
}

async fn wait_at(gate: &Gate) {
    // There is never a permit: waiting ends with the error that says that it is closed.
    let closed = gate.acquire().await;
    assert!(closed.is_err());
}

/// What to do with a request.
enum Act {
    Answer(u16, String),
    Reset,
}

type Acting = Pin<Box<dyn Future<Output = Act> + Send>>;

/// A server on a free port that decides by path and body; it stops when dropped.
struct Party {
    url: String,
    _accepting: JoinSet<()>,
}

impl Party {
    async fn start(host: &str, act: impl Fn(String, Vec<u8>) -> Acting + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let act = Arc::new(act);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let act = Arc::clone(&act);
                serving.spawn(async move { serve(stream, &*act).await });
            }
        });
        Self { url, _accepting: accepting }
    }
}

/// Answers until either side ends the connection.
async fn serve(mut stream: TcpStream, act: &(dyn Fn(String, Vec<u8>) -> Acting + Send + Sync)) {
    use tokio::io::AsyncWriteExt;
    let mut rest = Vec::new();
    while let Ok((head, body)) = read_message(&mut stream, &mut rest).await {
        let path = head.split(' ').nth(1).expect("a path").to_owned();
        let (status, body) = match act(path, body).await {
            Act::Answer(status, body) => (status, body),
            Act::Reset => {
                // Closed with no time to linger, a socket sends a reset.
                stream.set_zero_linger().expect("a socket");
                return;
            }
        };
        let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

/// The names of persons whose passwords the scripted national center does not just check.
pub(crate) const WITHOUT_PASSWORD: &str = "吴密";
pub(crate) const MISTAKEN: &str = "错别字";
pub(crate) const WRONG_DATA: &str = "资料错";
pub(crate) const OUT_OF_ORDER: &str = "故障";
/// The password of everybody else, and the only face authorization that is valid.
pub(crate) const PASSWORD: &str = "111111";
pub(crate) const GOOD_FACE: &str = "ano1";

/// A national center that says what it was told to say.
pub(crate) struct National {
    party: Party,
    inside: Arc<NationalInside>,
}

struct NationalInside {
    key: Sm4Key,
    /// By token. A token is its own QR code.
    credentials: Mutex<HashMap<String, Result<Credential, Code>>>,
    /// Questions about passwords.
    passwords: watch::Sender<usize>,
    /// While it is there, questions about passwords wait for it.
    gate: Mutex<Option<Gate>>,
    /// Questions about tokens.
    tokens: watch::Sender<usize>,
    /// While it is there, questions about tokens it does not know wait for it.
    unknown: Mutex<Option<Gate>>,
}

impl National {
    /// The key is that of the account the center has there.
    pub(crate) async fn start(key: Sm4Key) -> Self {
        Self::start_at("127.0.0.1", key).await
    }

    /// The same at another address of this machine.
    pub(crate) async fn start_at(host: &str, key: Sm4Key) -> Self {
        let inside = Arc::new(NationalInside {
            key,
            credentials: Mutex::default(),
            passwords: watch::Sender::default(),
            gate: Mutex::default(),
            tokens: watch::Sender::default(),
            unknown: Mutex::default(),
        });
        let asked = Arc::clone(&inside);
        let party = Party::start(host, move |path, body| {
            let inside = Arc::clone(&asked);
            Box::pin(async move { Act::Answer(200, inside.answer(&path, &body).await) })
        });
        Self { party: party.await, inside }
    }

    pub(crate) fn url(&self) -> &str {
        &self.party.url
    }

    /// What to say about a token, and about the QR code of the same text.
    pub(crate) fn tell(&self, token: &str, told: Result<Credential, Code>) {
        lock(&self.inside.credentials).insert(token.to_owned(), told);
    }

    /// A fresh token that somebody whose document has this number was shown in this channel.
    pub(crate) fn issue(&self, channel: ChannelId, number: u32, id_no: &str) -> EcToken {
        self.hand_out(channel, credential(&format!("T{number}"), &format!("P{number}"), id_no))
    }

    /// A fresh token of the person with this index.
    pub(crate) fn issue_to(&self, index: &str, channel: ChannelId, number: u32) -> EcToken {
        self.hand_out(channel, credential(&format!("T{number}"), index, index))
    }

    fn hand_out(&self, channel: ChannelId, credential: Credential) -> EcToken {
        let credential = Credential { channel, ..credential };
        let token = credential.token;
        self.tell(token.as_str(), Ok(credential));
        token
    }

    /// How often it was asked about a password.
    pub(crate) fn passwords_asked(&self) -> usize {
        *self.inside.passwords.borrow()
    }

    /// Questions about passwords that come from now on wait at this gate.
    pub(crate) fn hold_passwords(&self) -> Gate {
        let gate = gate();
        *lock(&self.inside.gate) = Some(Arc::clone(&gate));
        gate
    }

    /// How often it was asked about a token.
    pub(crate) fn tokens_asked(&self) -> usize {
        *self.inside.tokens.borrow()
    }

    /// Questions that come from now on about tokens it does not know wait at this gate.
    pub(crate) fn hold_unknown(&self) -> Gate {
        let gate = gate();
        *lock(&self.inside.unknown) = Some(Arc::clone(&gate));
        gate
    }

    /// Returns when it has been asked so often about a token.
    pub(crate) async fn until_tokens_asked(&self, times: usize) {
        until(&self.inside.tokens, times).await;
    }

    /// Returns when it has been asked so often about a password.
    pub(crate) async fn until_asked(&self, times: usize) {
        until(&self.inside.passwords, times).await;
    }
}

impl NationalInside {
    async fn answer(&self, path: &str, body: &[u8]) -> String {
        let request = RequestEnvelope::parse(body, region()).expect("an envelope");
        let plain = request.sealed.open(&self.key).expect("opens");
        let members = plain.members().expect("an object");
        let told = match path {
            national::TOKEN_PATH => {
                let token = national::read_token_question(&members).expect("a question");
                self.tokens.send_modify(|asked| *asked += 1);
                let is_known = lock(&self.credentials).contains_key(token.as_str());
                let gate = lock(&self.unknown).clone().filter(|_| !is_known);
                if let Some(gate) = gate {
                    wait_at(&gate).await;
                }
                self.credential(token.as_str())
            }
            national::QR_CODE_PATH => {
                self.credential(national::read_qr_code_question(&members).expect("a question").as_str())
            }
            national::PASSWORD_PATH => self.password(&members).await,
            _ => {
                let (number, _) = national::read_face_question(&members).expect("a question");
                Ok(national::check_answer(number.as_str() == GOOD_FACE).to_owned())
            }
        };
        match told {
            Ok(plain) => envelope::success(&self.key, plain.as_bytes()),
            Err(code) => envelope::refusal(code, code.message()),
        }
    }

    fn credential(&self, token: &str) -> Result<String, Code> {
        let credentials = lock(&self.credentials);
        let told = credentials.get(token).cloned().unwrap_or(Err(Code::CredentialNotFound));
        told.map(|credential| credential.to_json())
    }

    async fn password(&self, members: &Members<'_>) -> Result<String, Code> {
        let question = PasswordQuestion::read(members).expect("a question");
        self.passwords.send_modify(|asked| *asked += 1);
        let gate = lock(&self.gate).clone();
        if let Some(gate) = gate {
            wait_at(&gate).await;
        }
        match question.user_name.as_str() {
            WITHOUT_PASSWORD => Err(Code::PasswordNotSet),
            MISTAKEN => Err(Code::IdentityMismatch),
            WRONG_DATA => Err(Code::PersonDataWrong),
            OUT_OF_ORDER => Err(Code::Unknown),
            _ => {
                let right = PasswordDigest::of(PASSWORD).expect("six digits");
                Ok(national::check_answer(right == question.password).to_owned())
            }
        }
    }
}

/// What an app does with a notice.
#[derive(Clone)]
pub(crate) enum Mood {
    Take,
    Refuse(&'static str),
    Status(u16),
    Reset,
    /// Answers this.
    Free(&'static str),
    /// Does so after waiting at this gate.
    Held(Gate, Box<Mood>),
}

/// A channel app that does with each notice what it was told to, and takes it when it was told nothing.
pub(crate) struct App {
    party: Party,
    inside: Arc<AppInside>,
}

struct AppInside {
    key: Sm4Key,
    moods: Mutex<VecDeque<Mood>>,
    notices: Mutex<Vec<Notice>>,
    count: watch::Sender<usize>,
}

impl Mood {
    /// Takes the notice after waiting at this gate.
    pub(crate) fn held(gate: &Gate) -> Self {
        Self::Held(Arc::clone(gate), Box::new(Self::Take))
    }
}

impl App {
    /// The key is that of the channel.
    pub(crate) async fn start(key: Sm4Key) -> Self {
        let inside = Arc::new(AppInside {
            key,
            moods: Mutex::default(),
            notices: Mutex::default(),
            count: watch::Sender::default(),
        });
        let asked = Arc::clone(&inside);
        let party = Party::start("127.0.0.1", move |_, body| {
            let inside = Arc::clone(&asked);
            Box::pin(async move { inside.act(&body).await })
        });
        Self { party: party.await, inside }
    }

    pub(crate) fn url(&self) -> http::Uri {
        format!("{}/notice", self.party.url).parse().expect("a URL")
    }

    /// What to do with the next notices, one after the other.
    pub(crate) fn will(&self, moods: impl IntoIterator<Item = Mood>) {
        lock(&self.inside.moods).extend(moods);
    }

    /// Everything that came, whatever was done with it.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        lock(&self.inside.notices).clone()
    }

    /// The numbers of everything that came.
    pub(crate) fn numbers(&self) -> Vec<String> {
        self.notices().iter().map(|notice| notice.number.to_string()).collect()
    }

    /// Returns when so many have come.
    pub(crate) async fn until(&self, count: usize) {
        until(&self.inside.count, count).await;
    }
}

impl AppInside {
    async fn act(&self, body: &[u8]) -> Act {
        let request = RequestEnvelope::parse(body, region()).expect("an envelope");
        let plain = request.sealed.open(&self.key).expect("opens");
        let notice = Notice::read(&plain.members().expect("an object")).expect("a notice");
        lock(&self.notices).push(notice);
        let mood = lock(&self.moods).pop_front().unwrap_or(Mood::Take);
        self.count.send_modify(|count| *count += 1);
        let mood = match mood {
            Mood::Held(gate, then) => {
                wait_at(&gate).await;
                *then
            }
            mood => mood,
        };
        match mood {
            Mood::Refuse(why) => Act::Answer(200, envelope::refusal(Code::NoticeFailed, why)),
            Mood::Status(status) => Act::Answer(status, String::new()),
            Mood::Reset => Act::Reset,
            Mood::Free(words) => Act::Answer(200, envelope::success(&self.key, words.as_bytes())),
            Mood::Take | Mood::Held(..) => {
                let taken = channel_notice::received_json();
                Act::Answer(200, envelope::success(&self.key, taken.as_bytes()))
            }
        }
    }
}

async fn until(count: &watch::Sender<usize>, least: usize) {
    let mut seen = count.subscribe();
    let waited = tokio::time::timeout(AMPLE, seen.wait_for(|count| *count >= least)).await;
    let _ = waited.expect("within an ample time").expect("the sender is alive");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is held")
}

/// A port nobody listens on.
pub(crate) async fn nobody() -> http::Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    format!("http://{address}/notice").parse().expect("a URL")
}
