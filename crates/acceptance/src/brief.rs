//! What the vendor needs to know to play: account, addresses, and for each situation what to do.

use crate::base_url::Urls;
use crate::session::Session;
use crate::situation::Situation;
use serde::{Deserialize, Serialize};

/// `acceptance.json`: a contract that other programs read; members are only ever added.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brief {
    /// 省级医保区划代码, the six digits of `reqtType`.
    pub region: String,
    /// `{localUrl}`.
    pub center_url: String,
    /// Where decisions are told.
    pub settle_url: String,
    /// Ends the run.
    pub finish_url: String,
    /// 业务系统编码.
    pub org_id: String,
    /// Its key, 32 hexadecimal digits. It is made for this run, or the key of an account for tests, and protects nothing.
    pub key: String,
    /// The key-check value.
    pub kcv: String,
    /// 定点医药机构代码.
    pub org_codg: String,
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

/// A situation as the vendor plays it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// Its name.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The section it is about.
    pub section: String,
    /// What to do.
    pub steps: Vec<String>,
    /// The codes to scan, one or two.
    pub tokens: Vec<String>,
    /// The amount of the first notice, yuan.
    pub amount: String,
    /// The amount that is settled, yuan.
    pub final_amount: String,
    /// `mdtrt_cert_type` of the settlement.
    pub mdtrt_cert_type: String,
    /// Which address to call; another one only where the center is not to be reached.
    pub center_url: String,
}

pub(crate) fn of(session: &Session, urls: &Urls) -> Brief {
    let Urls { center, nobody } = urls;
    let chosen = Situation::all().enumerate().filter(|(at, _)| session.settings.situations.contains(at));
    let scenes = chosen.filter_map(|(at, situation)| {
        let count = if situation.switches { 2 } else { 1 };
        let tokens = session.tokens.get(at)?.iter().take(count).map(|token| token.as_str().to_owned());
        Some(Scene {
            id: situation.id.to_owned(),
            title: situation.title.to_owned(),
            section: situation.section.to_owned(),
            steps: situation.steps.iter().map(|step| (*step).to_owned()).collect(),
            tokens: tokens.collect(),
            amount: situation.first_amount()?.to_string(),
            final_amount: situation.final_amount()?.to_string(),
            mdtrt_cert_type: situation.cert_type.to_owned(),
            center_url: if situation.dead { nobody } else { center }.clone(),
        })
    });
    Brief {
        region: session.settings.region.as_str().to_owned(),
        center_url: center.clone(),
        settle_url: format!("{center}/acceptance/settle"),
        finish_url: format!("{center}/acceptance/finish"),
        org_id: session.door.org_id.as_str().to_owned(),
        key: session.door.key.to_hex().as_str().to_owned(),
        kcv: session.door.key.kcv().to_string(),
        org_codg: session.settings.org_code.as_str().to_owned(),
        situations: scenes.collect(),
    }
}
