//! The institution and the channel app, each call of theirs a deed and its answer. A call that breaks off, because
//! the center died, is nothing; anything the center says that nobody expects ends the test.

use std::sync::Arc;
use std::time::Duration;

use yanmi_center::clock::Clock;
use yanmi_protocol::envelope::{self, Answer, PlainText};
use yanmi_protocol::message::auth_result::{self, Accepted};
use yanmi_protocol::message::{notify, pending, status};
use yanmi_protocol::{Code, EcToken, NoticeNo, PasswordDigest};
use yanmi_simulator::institution::Called;
use yanmi_simulator::outgoing::{AskError, CallError, Caller};
use yanmi_simulator::world::Person;
use yanmi_simulator::{Institution, World};

use super::belief::{Deed, Said};

/// How long an answer may take: longer than anything the center allows itself.
const DEADLINE: Duration = Duration::from_mins(2);
/// Business type of a decode: an outpatient's registration.
const BUSINESS: &str = "01101";

pub(crate) struct Parties {
    world: World,
    institution: Institution,
    caller: Caller,
    clock: Clock,
}

/// An answer, with the number it carries: the serial number of an institution's call, the notice number of a
/// channel's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heard {
    pub(crate) said: Said,
    pub(crate) serial: Option<String>,
    pub(crate) notice: Option<NoticeNo>,
}

impl Parties {
    pub(crate) fn new(world: &World) -> Self {
        let account = &world.accounts[0];
        let clock = Clock::system();
        let time = clock.clone();
        let institution = Institution::new(
            &world.institution_url,
            account.org_id.as_str(),
            account.key.clone(),
            world.region,
            Arc::new(move || time.now()),
        );
        let institution = institution.with_deadline(DEADLINE);
        Self { world: world.clone(), institution, caller: Caller::new(), clock }
    }

    fn org_code(&self) -> &str {
        self.world.accounts[0].institutions[0].org_codg.as_str()
    }

    pub(crate) fn person(&self, number: usize) -> &Person {
        &self.world.persons[number]
    }

    /// The person shows a code in the channel app, and the institution decodes it.
    pub(crate) async fn decode(&self, person: usize) -> Option<EcToken> {
        let (index, channel) = (self.person(person).ec_index_no, self.world.channels[0].chnl_id);
        let body = serde_json::json!({ "ecIndexNo": index.as_str(), "chnlId": channel.as_str() });
        let url = format!("{}/qr", self.world.simulator_url);
        let shown = self.caller.post(&url, body.to_string().into(), DEADLINE).await.expect("a QR code");
        let shown: serde_json::Value = serde_json::from_slice(&shown.body).expect("JSON");
        let code = shown["ecQrCode"].as_str().expect("a QR code");
        let decoded = unless_broken(self.institution.decode(self.org_code(), BUSINESS, code).await)?;
        assert_eq!(decoded.code, 0, "decode: {}", decoded.message);
        Some(decoded.token.expect("a token"))
    }

    /// Does it, for this token and notice of this person.
    pub(crate) async fn does(
        &self,
        deed: Deed,
        person: usize,
        token: EcToken,
        notice: Option<NoticeNo>,
    ) -> Option<Heard> {
        match deed {
            Deed::Notify(amount) => self.notify(token, amount).await,
            Deed::Status => self.status(token).await,
            Deed::Pending => self.pending(person, token).await,
            Deed::Confirm | Deed::Mistype | Deed::Cancel => {
                self.report(deed, person, notice.expect("a notice to be answered")).await
            }
        }
    }

    async fn notify(&self, token: EcToken, amount: u32) -> Option<Heard> {
        let amount = format!("{}.{:02}", amount / 100, amount % 100);
        let draft = notify::Draft {
            token: token.as_str(),
            org_code: self.org_code(),
            org_name: &self.world.accounts[0].institutions[0].org_name,
            amount: Some(&amount),
        };
        let called = unless_broken(self.institution.notify(&draft).await)?;
        let answer = success(&called).notice().expect("an answer to a notice");
        assert!(answer.notified, "code 0 means that the notice was sent");
        Some(Heard { said: Said::Notified, serial: Some(answer.serial), notice: None })
    }

    async fn status(&self, token: EcToken) -> Option<Heard> {
        let draft = status::Draft {
            token: token.as_str(),
            org_code: self.org_code(),
            extended: None,
            wait_seconds: None,
        };
        let called = unless_broken(self.institution.status(&draft).await)?;
        let answer = success(&called).status().expect("an answer to a status query");
        Some(Heard { said: Said::Settle(answer.confirmed), serial: Some(answer.serial), notice: None })
    }

    async fn pending(&self, person: usize, token: EcToken) -> Option<Heard> {
        let question = pending::Request { index: self.person(person).ec_index_no };
        let (answer, plain) = self.ask(pending::PATH, &question.to_json()).await?;
        assert_eq!(answer.code, 0, "pending: {}", answer.message);
        let plain = plain.expect("a message");
        let listed = pending::read_answer(&plain.members().expect("JSON")).expect("notices");
        let notice = listed.iter().find(|notice| notice.token == token).map(|notice| notice.number);
        Some(Heard { said: Said::Listed(notice.is_some()), serial: None, notice })
    }

    async fn report(&self, deed: Deed, person: usize, notice: NoticeNo) -> Option<Heard> {
        let password = self.person(person).password.clone().expect("a password");
        let digest = match deed {
            Deed::Confirm => PasswordDigest::of(&password),
            Deed::Mistype => PasswordDigest::of("000000"),
            _ => None,
        };
        let digest = digest.map(|digest| digest.to_hex());
        let draft = auth_result::Draft {
            notc_no: &notice.to_string(),
            auth_way: digest.is_some().then_some("01"),
            auth_stas: if digest.is_some() { "1" } else { "2" },
            auth_time: self.clock.now().to_string(),
            user_pwd: digest.as_ref().map(|hex| hex.as_str()),
            auth_no: None,
            cfm_name: None,
        };
        let (answer, plain) = self.ask(auth_result::PATH, &draft.to_json()).await?;
        if answer.code == i64::from(Code::BadNoticeNo.number()) {
            return Some(Heard { said: Said::NotLive, serial: None, notice: Some(notice) });
        }
        assert_eq!(answer.code, 0, "{deed:?}: {}", answer.message);
        let plain = plain.expect("a message");
        let said = match Accepted::read(&plain.members().expect("JSON")).expect("an answer to a report") {
            Accepted::Yes => Said::Accepted,
            Accepted::WrongPassword { .. } => Said::WrongPassword,
        };
        Some(Heard { said, serial: None, notice: Some(notice) })
    }

    /// Asks the center as the channel app.
    async fn ask(&self, path: &str, plain: &str) -> Option<(Answer, Option<PlainText>)> {
        let channel = &self.world.channels[0];
        let (id, region, now) = (channel.chnl_id.as_str(), self.world.region, self.clock.now());
        let body = envelope::request(&channel.key, id, "chnl", region, now, plain.as_bytes());
        let url = format!("{}{path}", self.world.channel_url);
        let received = self.caller.post(&url, body.into(), DEADLINE).await;
        unless_broken(received.map_err(AskError::from).and_then(|received| received.open(&channel.key)))
    }

    /// Every notice the channel app has put on the person's phone.
    pub(crate) async fn phone(&self, person: usize) -> Vec<NoticeNo> {
        let index = self.person(person).ec_index_no;
        let url = format!("{}/phones/{}/notices", self.world.simulator_url, index.as_str());
        let shown = self.caller.get(&url, DEADLINE).await.expect("a phone");
        let shown: serde_json::Value = serde_json::from_slice(&shown.body).expect("JSON");
        let rows = shown["notices"].as_array().expect("notices").iter();
        let number = |row: &serde_json::Value| NoticeNo::new(row["notcNo"].as_str().expect("a number"));
        rows.map(|row| number(row).expect("a number")).collect()
    }
}

fn success(called: &Called) -> &Called {
    assert_eq!(called.code(), 0, "{}", called.answer.message);
    called
}

/// Nothing when the connection broke, which is what happens to a call when the center dies.
fn unless_broken<T>(asked: Result<T, AskError>) -> Option<T> {
    match asked {
        Ok(answer) => Some(answer),
        Err(AskError::Call(CallError::Broken(_) | CallError::BadBody)) => None,
        Err(error) => panic!("the center answers by the protocol: {error}"),
    }
}
