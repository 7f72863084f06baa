//! What the vendor needs to know to play: registration, addresses, the person, and for each situation what to do.

use serde::{Deserialize, Serialize};

use crate::cast::{self, ID_NO, NAME, PASSWORD, WRONG_PASSWORD};
use crate::post::{OrgName, Which};
use crate::session::Session;
use crate::situation::Situation;
use yanmi_acceptance::Rulebook;

/// `channel-acceptance.json`: a contract that other programs read; members are only ever added.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brief {
    /// 省级医保区划代码, the six digits of `reqtType`.
    pub region: String,
    /// The center's channel face.
    pub center_url: String,
    /// 渠道编码.
    pub chnl_id: String,
    /// The key of both directions, 32 hexadecimal digits. It is one for tests and protects nothing.
    pub key: String,
    /// The key-check value.
    pub kcv: String,
    /// Whether a mac is required.
    pub mac_required: bool,
    /// Where notices are posted.
    pub notice_url: String,
    /// The ways of confirming the channel is registered with, by their codes.
    pub ways: Vec<String>,
    /// Begins a situation: `{"situation": …}`.
    pub play_url: String,
    /// Posts its second part.
    pub next_url: String,
    /// Where it is told what the app shows.
    pub shown_url: String,
    /// Ends the run.
    pub finish_url: String,
    /// Who the notices are for.
    pub person: Person,
    /// What is played.
    pub situations: Vec<Scene>,
}

/// The key is left out.
impl std::fmt::Debug for Brief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Brief")
            .field("center_url", &self.center_url)
            .field("kcv", &self.kcv)
            .finish_non_exhaustive()
    }
}

/// The insured person, who is invented: the app has to know them under this number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// `ecIndexNo`.
    pub ec_index_no: String,
    /// Their name; notices have it masked.
    pub user_name: String,
    /// Their document.
    pub id_no: String,
    /// Their credential password.
    pub password: String,
    /// The one to enter where it is to be wrong.
    pub wrong_password: String,
}

/// A situation as the tester plays it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// Its name.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Where the rule it is about is written.
    pub section: String,
    /// What to do.
    pub steps: Vec<String>,
    /// The same for programs.
    pub acts: Vec<String>,
    /// `ecToken` of its notices. Playing it again changes it, and the numbers.
    pub token: String,
    /// The notices of which somebody has to tell what is shown.
    pub notices: Vec<Subject>,
}

/// A notice of a situation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// `notcNo`.
    pub notc_no: String,
    /// `orgCodg`.
    pub org_codg: String,
    /// What the institution is called in an ordinary notice.
    pub org_name: String,
}

pub(crate) fn of(session: &Session) -> Brief {
    let (settings, base) = (&session.settings, &session.base);
    let rounds = session.lock().rounds.clone();
    let chosen = Situation::all().enumerate().filter(|(at, _)| settings.situations.contains(at));
    let scenes = chosen.filter_map(|(at, situation)| {
        let round = rounds.get(at)?;
        let subject = |which: Which| Subject {
            notc_no: round.number(which).to_string(),
            org_codg: cast::org_code(which, situation.apart).to_owned(),
            org_name: cast::org_name(which, situation.apart, OrgName::Plain).to_owned(),
        };
        Some(Scene {
            id: situation.id.to_owned(),
            title: situation.title.to_owned(),
            section: situation.about.section().to_owned(),
            steps: situation.acts.iter().map(|act| act.step()).collect(),
            acts: situation.acts.iter().map(|act| act.coded()).collect(),
            token: round.token.as_str().to_owned(),
            notices: situation.told().into_iter().map(subject).collect(),
        })
    });
    Brief {
        region: settings.region.as_str().to_owned(),
        center_url: base.clone(),
        chnl_id: settings.channel.as_str().to_owned(),
        key: session.door.key.to_hex().as_str().to_owned(),
        kcv: session.door.key.kcv().to_string(),
        mac_required: settings.mac,
        notice_url: settings.notice_url.as_str().to_owned(),
        ways: settings.ways.iter().map(|way| way.code().to_owned()).collect(),
        play_url: format!("{base}/acceptance/play"),
        next_url: format!("{base}/acceptance/next"),
        shown_url: format!("{base}/acceptance/shown"),
        finish_url: format!("{base}/acceptance/finish"),
        person: Person {
            ec_index_no: session.cast.person.as_str().to_owned(),
            user_name: NAME.to_owned(),
            id_no: ID_NO.to_owned(),
            password: PASSWORD.to_owned(),
            wrong_password: WRONG_PASSWORD.to_owned(),
        },
        situations: scenes.collect(),
    }
}
