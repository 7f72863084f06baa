//! What a clerk works with: a program that has our library within itself, or one that speaks to the agent beside it.
//!
//! The agent is the real one from its door inwards: who is let in, what is asked, how it is answered. Only its listener is missing, and
//! its calls run on the thread of the program, as the library's do.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use yanmi_agent::AgentConfig;
use yanmi_client::gate::{Advice, Ask, NoticeOutcome, Settlement, Verdict, Visit, VisitId};
use yanmi_client::visits::NewVisit;
use yanmi_client::{Ambient, Desk};
use yanmi_protocol::{Amount, EcToken};

use crate::oracle::{DeskNotice, DeskWords};

/// The token the clerk's program has of its agent.
const TOKEN: &str = "yanmiWorldYanmiWorldYanmiWorld0001";
/// Where the agent would listen.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8_360);

/// What a clerk works with.
pub(crate) enum Software {
    Library(Box<Desk>),
    Agent(Router),
}

/// What it says of a visit.
pub(super) struct Standing {
    pub(super) id: VisitId,
    /// How much was done for it; it never becomes less.
    pub(super) steps: u32,
    /// Whether it was decided last that it may be settled.
    pub(super) settled: bool,
    /// Visits that bear its reference.
    pub(super) same: usize,
}

/// What it says of a notice.
pub(super) struct Noticed {
    pub(super) steps: u32,
    pub(super) notice: DeskNotice,
    pub(super) words: Option<DeskWords>,
}

/// What it says when it is asked whether it may be settled.
pub(super) struct Decided {
    pub(super) steps: u32,
    pub(super) settles: bool,
    pub(super) words: Option<DeskWords>,
}

impl Software {
    /// The agent over a desk. `text` is the desk's configuration.
    ///
    /// # Panics
    /// When the text is none, which is a mistake here.
    pub(super) fn agent(text: &str, desk: Desk, ambient: Arc<dyn Ambient>) -> Self {
        let text = format!("{text}[agent]\nlisten = \"{ADDRESS}\"\nkind = \"outpatient\"\n");
        let config = AgentConfig::from_toml(&text, Path::new("/"), &|_| None).expect("a configuration");
        Self::Agent(yanmi_agent::interface(&config, desk, TOKEN, ambient))
    }

    /// A person has come.
    pub(super) fn begin(&self, reference: &str, token: EcToken) -> Result<Standing, String> {
        match self {
            Self::Library(desk) => {
                let new = NewVisit { reference: Some(reference.to_owned()), ..NewVisit::scanned(token) };
                desk.begin(&new).map(|visit| standing(&visit)).map_err(|error| error.to_string())
            }
            Self::Agent(agent) => {
                let asked = json!({"ecToken": token.as_str(), "reference": reference});
                ask(agent, Method::POST, "/visits", Some(&asked))
                    .and_then(|told| read_standing(&told["visit"]))
            }
        }
    }

    /// Has the person asked.
    pub(super) fn notify(&self, id: VisitId, amount: Amount) -> Result<Noticed, String> {
        match self {
            Self::Library(desk) => {
                let done = desk.notify(id, Some(amount)).map_err(|error| error.to_string())?;
                let notice = match done.visit.notice().map(|notice| &notice.outcome) {
                    Some(NoticeOutcome::Notified) => DeskNotice::Notified,
                    Some(NoticeOutcome::PasswordFree) => DeskNotice::Free,
                    Some(NoticeOutcome::Refused { code, .. }) => DeskNotice::Refused(*code),
                    _ => DeskNotice::Failed,
                };
                let words = done.advice.as_ref().and_then(|verdict| match verdict {
                    Verdict::Refuse(advice) | Verdict::FallBack(advice) => Some(words(advice)),
                    Verdict::Settle(_) => None,
                });
                Ok(Noticed { steps: done.visit.epoch(), notice, words })
            }
            Self::Agent(agent) => {
                let asked = json!({"amount": amount.to_string()});
                let told = ask(agent, Method::POST, &format!("/visits/{id}/notice"), Some(&asked))?;
                let words = read_words(&told["advice"])?;
                let notice = match (flag(&told, "sent")?, flag(&told, "passwordFree")?) {
                    (true, false) => DeskNotice::Notified,
                    (true, true) => DeskNotice::Free,
                    (false, _) => {
                        words.as_ref().and_then(|it| it.code).map_or(DeskNotice::Failed, DeskNotice::Refused)
                    }
                };
                Ok(Noticed { steps: read_standing(&told["visit"])?.steps, notice, words })
            }
        }
    }

    /// Asks whether it may be settled.
    pub(super) fn gate(&self, id: VisitId, amount: Amount) -> Result<Decided, String> {
        match self {
            Self::Library(desk) => {
                let asked = Ask { kind: Settlement::Outpatient, amount };
                let decided = desk.gate(id, asked).map_err(|error| error.to_string())?;
                let words = decided.advice().map(words);
                Ok(Decided { steps: decided.visit.epoch(), settles: decided.settles(), words })
            }
            Self::Agent(agent) => {
                let told = ask(agent, Method::GET, &format!("/visits/{id}/gate?amount={amount}"), None)?;
                let words = read_words(&told["decision"]["advice"])?;
                let steps = read_standing(&told["visit"])?.steps;
                Ok(Decided { steps, settles: flag(&told, "settle")?, words })
            }
        }
    }

    /// What stands in the file.
    pub(super) fn look(&self, id: VisitId, reference: &str) -> Result<Standing, String> {
        match self {
            Self::Library(desk) => {
                desk.visits().get(id).map(|visit| standing(&visit)).map_err(|error| error.to_string())
            }
            Self::Agent(agent) => {
                let found = ask(agent, Method::GET, &format!("/visits?reference={reference}"), None)?;
                let same = found["visits"].as_array().map_or(0, Vec::len);
                let told = ask(agent, Method::GET, &format!("/visits/{id}"), None)?;
                Ok(Standing { same, ..read_standing(&told["visit"])? })
            }
        }
    }
}

fn standing(visit: &Visit) -> Standing {
    let settled = visit.decision().is_some_and(|decision| decision.verdict.settles());
    Standing { id: visit.id(), steps: visit.epoch(), settled, same: 1 }
}

/// What a desk tells a clerk.
fn words(advice: &Advice) -> DeskWords {
    DeskWords { why: advice.why.clone(), next: advice.next.clone(), code: advice.code }
}

/// Asks the agent, and waits; anything but 200 with an object is why not.
fn ask(agent: &Router, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::builder().method(method).uri(path).header(HOST, ADDRESS.to_string());
    let request = request.header(AUTHORIZATION, format!("Bearer {TOKEN}")).body(body);
    let request = request.map_err(|error| error.to_string())?;
    // A body of the thread's own is there at once, so the time that passes outside of the world is of no account.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let answer = runtime.map_err(|error| error.to_string())?.block_on(async {
        let answer = agent.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = answer.status();
        answer.into_body().collect().await.map(|body| (status, body.to_bytes()))
    });
    let (status, text) = answer.map_err(|error| error.to_string())?;
    if status != StatusCode::OK {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&text)));
    }
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn flag(told: &Value, name: &str) -> Result<bool, String> {
    told[name].as_bool().ok_or_else(|| format!("no {name}: {told}"))
}

fn read_standing(visit: &Value) -> Result<Standing, String> {
    let id = visit["id"].as_str().and_then(VisitId::parse).ok_or_else(|| format!("no visit: {visit}"))?;
    let notices = visit["notices"].as_u64().ok_or_else(|| format!("no notices: {visit}"))?;
    let settled = visit["decision"]["settle"].as_bool().unwrap_or(false);
    Ok(Standing { id, steps: u32::try_from(notices).unwrap_or(u32::MAX), settled, same: 1 })
}

fn read_words(advice: &Value) -> Result<Option<DeskWords>, String> {
    if advice.is_null() {
        return Ok(None);
    }
    let text = |name: &str| {
        advice[name].as_str().map(str::to_owned).ok_or_else(|| format!("advice without {name}: {advice}"))
    };
    Ok(Some(DeskWords { why: text("why")?, next: text("next")?, code: advice["centerCode"].as_i64() }))
}
