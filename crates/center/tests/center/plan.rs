//! A request that is right in everything, with all it needs at the parties around the center, ready to be spoiled.
//!
//! What can be wrong is a switch of its own wherever possible, so that any two things can be wrong at once: the
//! order of checks is then seen in the answer. Tokens, persons and documents are fresh for every plan.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};
use yanmi_center::config::Config;
use yanmi_center::registry::{
    Administration, Interfaces, MacRule, NewAccount, NewChannel, NewInstitution, Object, SourceNetworks,
    Switch,
};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::national::{Credential, Details, PersonStatus};
use yanmi_protocol::message::{self, auth_result, decode, notify, password, password_free, pending, status};
use yanmi_protocol::{
    AccountId, ChannelId, Code, EcIndexNo, EcToken, OrgCode, PasswordDigest, Sm4Key, UnixMillis, envelope,
};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways};

use crate::party::{App, National, PASSWORD, nobody};
use crate::register::{NOW, act};
use crate::site::{HOSPITAL, HOSPITAL_NAME, START, Site};
use crate::wire::{Answer, Wire};

/// The key of everybody the plans add to the world.
pub(crate) const KEY: [u8; 16] = *b"yanmi-test-key-1";
/// Stands for the calling channel's id and for the number of the live notice until the plan is played.
pub(crate) const CHANNEL: &str = "<channel>";
pub(crate) const NOTICE: &str = "<notice>";
/// Accounts and institutions that may not do everything.
pub(crate) const DISABLED: &str = "disabledAccount";
pub(crate) const WITHOUT_RIGHTS: &str = "withoutRights";
pub(crate) const DISABLED_CHANNEL: &str = "disabledChannel";
pub(crate) const INACTIVE: &str = "H35010000009";
pub(crate) const OF_DISABLED: &str = "H35010000011";
pub(crate) const OF_WITHOUT_RIGHTS: &str = "H35010000012";
pub(crate) const OF_ANOTHER: &str = "H35020000001";
/// A document whose password check is locked.
pub(crate) const LOCKED: &str = "locked";

/// Every call there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Notify,
    Status,
    Password,
    Decode,
    AuthResult,
    Pending,
    PasswordFree,
}

impl Call {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Notify => notify::PATH,
            Self::Status => status::PATH,
            Self::Password => password::PATH,
            Self::Decode => decode::PATH,
            Self::AuthResult => auth_result::PATH,
            Self::Pending => pending::PATH,
            Self::PasswordFree => password_free::PATH,
        }
    }

    /// The call of the protocol's table.
    pub(crate) fn of_the_protocol(self) -> message::Call {
        message::Call::ALL.into_iter().find(|known| known.path() == self.path()).expect("a call")
    }

    const fn is_a_channels(self) -> bool {
        matches!(self, Self::AuthResult | Self::Pending | Self::PasswordFree)
    }

    /// The message, as it should be.
    fn message(self, token: &str, index: &str, id_no: &str) -> Value {
        match self {
            Self::Notify => json!({
                "token": token, "orgCodg": HOSPITAL, "orgName": HOSPITAL_NAME, "totalAmount": "10.00",
            }),
            Self::Status => json!({ "token": token, "orgCodg": HOSPITAL }),
            Self::Password => json!({
                "idType": "99", "reqBizNo": "1616654881967", "userPwd": digest(PASSWORD), "userName": "测试",
                "idNo": id_no,
            }),
            Self::Decode => {
                serde_json::from_str(&decode::Request::write(HOSPITAL, "01301", token)).expect("JSON")
            }
            Self::AuthResult => json!({
                "notcNo": NOTICE, "authWay": "01", "authStas": "1", "authTime": START.to_string(),
                "userPwd": digest(PASSWORD),
            }),
            Self::Pending => json!({ "ecIndexNo": index }),
            Self::PasswordFree => json!({ "ecIndexNo": index, "openFlag": "1" }),
        }
    }
}

/// The digest of a password, as it stands on the wire.
pub(crate) fn digest(password: &str) -> String {
    PasswordDigest::of(password).expect("six digits").to_hex().as_str().to_owned()
}

/// `encData`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EncData {
    Sealed,
    Digits(&'static str),
    Absent,
}

/// The channel in question, one of those the stage has registered for every combination.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what can be wrong is switched on or off")]
pub(crate) struct ChannelPlan {
    pub(crate) known: bool,
    pub(crate) record: ChannelRecord,
    pub(crate) settlement: bool,
    pub(crate) free: bool,
    pub(crate) only_password: bool,
    pub(crate) reachable: bool,
}

impl ChannelPlan {
    const GOOD: Self = Self {
        known: true,
        record: ChannelRecord::Active,
        settlement: true,
        free: false,
        only_password: false,
        reachable: true,
    };

    pub(crate) fn id(self) -> String {
        if !self.known {
            return "unregistered".to_owned();
        }
        let Self { record, settlement, free, only_password, reachable, .. } = self;
        let bit = u8::from;
        format!("{record:?}-{}{}{}{}", bit(settlement), bit(free), bit(only_password), bit(reachable))
    }

    /// Every channel that is registered.
    fn all() -> Vec<Self> {
        let mut out = Vec::new();
        for record in [ChannelRecord::Active, ChannelRecord::Missing, ChannelRecord::Disabled] {
            for bits in 0..16_u8 {
                let bit = |n: u8| bits >> n & 1 == 1;
                out.push(Self {
                    known: true,
                    record,
                    settlement: bit(0),
                    free: bit(1),
                    only_password: bit(2),
                    reachable: bit(3),
                });
            }
        }
        out
    }
}

/// The person in question.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct PersonPlan {
    /// Switched password-free settlement on, in every channel that offers it.
    pub(crate) free: bool,
    /// Was notified as often as is allowed.
    pub(crate) spent: bool,
}

/// A request and the world around it.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what can be wrong is switched on or off")]
pub(crate) struct Plan {
    pub(crate) call: Call,
    pub(crate) method: &'static str,
    /// Sent to an address that does not exist.
    pub(crate) lost: bool,
    /// One byte longer than a body may be.
    pub(crate) large: bool,
    /// Not UTF-8.
    pub(crate) binary: bool,
    /// Not JSON.
    pub(crate) broken: bool,
    /// The envelope without `encData`.
    pub(crate) outer: Map<String, Value>,
    pub(crate) enc_data: EncData,
    pub(crate) key: Sm4Key,
    pub(crate) plain: Value,
    /// What the national center says about the token; the channel and the person are filled in.
    pub(crate) told: Result<Credential, Code>,
    pub(crate) channel: ChannelPlan,
    pub(crate) person: PersonPlan,
    /// The notice was cancelled before.
    pub(crate) finished: bool,
    token: String,
}

/// Stamps an envelope with another time.
pub(crate) fn stamp(plan: &mut Plan, at: UnixMillis) {
    plan.outer.insert("timestamp".to_owned(), json!(at.to_string()));
}

/// A center with everybody whom plans need.
pub(crate) struct Stage {
    pub(crate) site: Site,
    national: National,
    app: App,
    count: AtomicU64,
}

impl Stage {
    /// With limits that are never met, and with the document locked and the persons in the state plans name.
    pub(crate) async fn start() -> Self {
        let stage = Self::bare(|config| {
            config.limits.requests_per_second = 1_000_000;
            config.limits.burst = 1_000_000;
        })
        .await;
        stage.lock_document().await;
        stage.prepare_persons().await;
        stage
    }

    /// Without anything having happened yet.
    pub(crate) async fn bare(change: impl FnOnce(&mut Config)) -> Self {
        let (site, national) = Site::with_national(|config| {
            config.delivery.attempts = 1;
            config.policy.notices_per_person_hour = 1;
            config.limits.failed_openings_per_minute = 1_000_000;
            change(config);
        })
        .await;
        let app = App::start(Sm4Key::from_bytes(&KEY)).await;
        let nobody = nobody().await;
        site.change(async |administration| {
            register_accounts(administration).await;
            register_channels(administration, &app.url(), &nobody).await;
        })
        .await;
        Self { site, national, app, count: AtomicU64::new(0) }
    }

    /// Everything right, and nothing used before.
    pub(crate) fn plan(&self, call: Call) -> Plan {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let (token, index, id_no) = (format!("T{n:06}"), format!("P{n:06}"), format!("D{n:06}"));
        let world = self.site.world();
        let (org_id, key) = if call.is_a_channels() {
            (CHANNEL.to_owned(), Sm4Key::from_bytes(&KEY))
        } else {
            (world.accounts[0].org_id.as_str().to_owned(), world.accounts[0].key.clone())
        };
        let outer = json!({
            "orgId": org_id, "version": "1.0.0", "timestamp": START.to_string(), "reqtType": "sys&350000",
        });
        Plan {
            call,
            method: "POST",
            lost: false,
            large: false,
            binary: false,
            broken: false,
            outer: outer.as_object().expect("an object").clone(),
            enc_data: EncData::Sealed,
            key,
            plain: call.message(&token, &index, &id_no),
            told: Ok(credential(&token, &index, &id_no)),
            channel: ChannelPlan::GOOD,
            person: PersonPlan::default(),
            finished: false,
            token,
        }
    }

    /// Puts everything the plan needs in its place, sends the request, and gives back the answer.
    pub(crate) async fn play(&self, mut plan: Plan) -> Answer {
        let channel = plan.channel.id();
        if let Ok(credential) = &mut plan.told {
            credential.channel = ChannelId::new(&channel).expect("a channel");
            if let Some(index) = fixed_index(plan.person) {
                credential.index = Some(EcIndexNo::new(index).expect("an index"));
            }
        }
        self.national.tell(&plan.token, plan.told.clone());
        if plan.plain["notcNo"] == NOTICE {
            plan.plain["notcNo"] = json!(self.live_notice(&plan).await);
        }
        if plan.outer.get("orgId").is_some_and(|id| id == CHANNEL) {
            plan.outer.insert("orgId".to_owned(), json!(channel));
        }
        self.send(&plan).await
    }

    async fn send(&self, plan: &Plan) -> Answer {
        let center = &self.site.center;
        let listener =
            if plan.call.is_a_channels() { center.channel_addr() } else { center.institution_addr() };
        let lost = if plan.lost { "/none" } else { "" };
        let path = format!("{}{lost}", plan.call.path());
        let mut wire = Wire::to(listener.expect("a listener")).await;
        wire.ask(plan.method, &path, body(plan)).await
    }

    /// Has the person of the plan notified; the number of the notice.
    async fn live_notice(&self, plan: &Plan) -> String {
        let mut ask = self.plan(Call::Notify);
        ask.plain["token"] = json!(plan.token);
        let answer = self.send(&ask).await;
        assert_eq!(answer.code(), 0, "{answer:?}");
        let number = self.app.numbers().pop().expect("a notice");
        if plan.finished {
            let mut cancel = self.plan(Call::AuthResult);
            cancel.plain["notcNo"] = json!(number);
            cancel.plain["authStas"] = json!("2");
            cancel.outer.insert("orgId".to_owned(), json!(plan.channel.id()));
            assert_eq!(self.send(&cancel).await.code(), 0);
        }
        number
    }

    async fn lock_document(&self) {
        for _ in 0..5 {
            let mut wrong = self.plan(Call::Password);
            wrong.plain["idNo"] = json!(LOCKED);
            wrong.plain["userPwd"] = json!(digest("000000"));
            assert_eq!(self.play(wrong).await.code(), 0);
        }
    }

    /// Has the persons switch password-free settlement on who are to have it on, and notifies those who are to have
    /// been notified.
    async fn prepare_persons(&self) {
        for (free, spent) in [(true, false), (false, true), (true, true)] {
            let person = PersonPlan { free, spent };
            let index = fixed_index(person).expect("not a fresh one");
            for channel in ChannelPlan::all().into_iter().filter(|channel| free && channel.free) {
                let mut switch = self.plan(Call::PasswordFree);
                switch.channel = channel;
                switch.plain["ecIndexNo"] = json!(index);
                assert_eq!(self.play(switch).await.code(), 0);
            }
            if spent {
                let mut ask = self.plan(Call::Notify);
                ask.person = person;
                assert_eq!(self.play(ask).await.code(), 0);
            }
        }
    }
}

/// The index of a person who is not a fresh one.
const fn fixed_index(person: PersonPlan) -> Option<&'static str> {
    match (person.free, person.spent) {
        (false, false) => None,
        (true, false) => Some("FREE"),
        (false, true) => Some("SPENT"),
        (true, true) => Some("FREEANDSPENT"),
    }
}

/// A credential in order, of a channel that is still to be named.
pub(crate) fn credential(token: &str, index: &str, id_no: &str) -> Credential {
    Credential {
        token: EcToken::new(token).expect("a token"),
        index: Some(EcIndexNo::new(index).expect("an index")),
        user_name: Some("测试".to_owned()),
        id_type: Some("01".to_owned()),
        id_no: Some(id_no.to_owned()),
        insured_place: Some("350199".to_owned()),
        channel: ChannelId::new("filled-in-later").expect("a channel"),
        active: true,
        person: PersonStatus::InOrder,
        authorized: true,
        password_set: true,
        decoded_at: NOW,
        details: Details::default(),
    }
}

/// The body of the request.
fn body(plan: &Plan) -> Vec<u8> {
    let mut outer = plan.outer.clone();
    let sealed = match plan.enc_data {
        EncData::Sealed => Some(envelope::seal(&plan.key, plan.plain.to_string().as_bytes())),
        EncData::Digits(digits) => Some(digits.to_owned()),
        EncData::Absent => None,
    };
    if let Some(digits) = sealed {
        outer.insert("encData".to_owned(), json!(digits));
    }
    let text = if plan.call == Call::Decode { plan.plain.to_string() } else { json!(outer).to_string() };
    let mut out = if plan.broken { format!("{text}}}").into_bytes() } else { text.into_bytes() };
    if plan.binary {
        out.push(0xFF);
    }
    if plan.large {
        out.resize(envelope::MAX_BODY_BYTES + 1, b' ');
    }
    out
}

async fn register_accounts(administration: &mut Administration) {
    let first = AccountId::new("testOrgId").expect("an account");
    let [disabled, without] = [DISABLED, WITHOUT_RIGHTS].map(|id| AccountId::new(id).expect("an account"));
    for (id, interfaces) in [(disabled, Interfaces::ALL), (without, Interfaces::default())] {
        let (name, key) = ("测试账号".to_owned(), Sm4Key::from_bytes(&KEY));
        let (mac, networks) = (MacRule::Optional, SourceNetworks::default());
        let new = NewAccount { id, name, key, interfaces, rate: None, mac, networks };
        administration.add_account(&new, act(NOW)).await.expect("a new account");
    }
    for (code, account) in [(INACTIVE, first), (OF_DISABLED, disabled), (OF_WITHOUT_RIGHTS, without)] {
        let org_code = OrgCode::new(code).expect("a code");
        let new = NewInstitution { org_code, name: "测试机构".to_owned(), account };
        administration.add_institution(&new, act(NOW)).await.expect("a new institution");
    }
    let mut off = async |object| administration.switch(object, Switch::Off, act(NOW)).await.expect("off");
    off(Object::Account(disabled)).await;
    off(Object::Institution(OrgCode::new(INACTIVE).expect("a code"))).await;
}

async fn register_channels(administration: &mut Administration, app: &http::Uri, nobody: &http::Uri) {
    let channel = |id: &str, plan: ChannelPlan| NewChannel {
        id: ChannelId::new(id).expect("a channel"),
        name: "测试渠道".to_owned(),
        notice_url: if plan.reachable { app.clone() } else { nobody.clone() },
        facts: ChannelFacts {
            record: plan.record,
            settlement: plan.settlement,
            password_free: plan.free,
            ways: if plan.only_password { Ways::NONE.with(Way::CredentialPassword) } else { Ways::ALL },
            word: None,
        },
        handover: None,
        mac: MacRule::Optional,
        key: Sm4Key::from_bytes(&KEY),
    };
    for plan in ChannelPlan::all() {
        administration.add_channel(&channel(&plan.id(), plan), act(NOW)).await.expect("a new channel");
    }
    let disabled = channel(DISABLED_CHANNEL, ChannelPlan::GOOD);
    administration.add_channel(&disabled, act(NOW)).await.expect("a new channel");
    let object = Object::Channel(disabled.id);
    administration.switch(object, Switch::Off, act(NOW)).await.expect("disabled");
}
