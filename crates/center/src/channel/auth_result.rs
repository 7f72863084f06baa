//! 认证结果: what the person did (V6, V12).
//!
//! A confirmation counts only with its proof. By password: the center has it checked itself. By face: the national
//! center confirms the authorization number. By the channel's own password: on the channel's word, recorded so.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::auth_result::{self as message, Accepted};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_protocol::{AuthNo, ChannelId, MemberError, PasswordDigest, Problem};
use yanmi_verification::conclude::{self, Conclusion};
use yanmi_verification::{Confirmer, DeclineReason, Refusal as Rule};

use super::ByChannel;
use crate::credential::{Holder, national_result};
use crate::envelope::{self, Call};
use crate::ledger::{Command, Outcome, Shown};
use crate::password_check::{self, Checked};
use crate::refusal::Refusal;
use crate::sealing::Cell;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::AuthResult, request, take).await
}

async fn take(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    let found = call.site.ledger.by_notice(request.notice).await?;
    // A notice of another channel is as unknown as one that never was.
    let found = found.filter(|shown| shown.credential.channel == call.caller);
    let shown = found.ok_or(Refusal::Rule(Rule::NoticeNotLive))?;
    call.noted.token = Some(shown.key.token);
    check_way(call, &request.outcome)?;
    let report = Report { site: Arc::clone(&call.site), shown, request };
    // A report that was begun to be checked is finished even when the channel hangs up.
    let task = tokio::spawn(async move { report.take().await });
    let (batch, accepted) =
        task.await.map_err(|error| Refusal::Broken(format!("认证结果任务中断：{error}")))?;
    call.noted.batch = batch;
    accepted.map(message::answer_json)
}

/// A channel confirms in the ways it is registered with.
fn check_way(call: &Call<ChannelId>, outcome: &message::Outcome) -> Result<(), Refusal> {
    let Some(way) = way_of(outcome) else { return Ok(()) };
    let offered = call.registry.channel_facts(&call.caller).is_some_and(|facts| facts.ways.contains(way));
    let text = "不是该渠道登记的认证方式".to_owned();
    let error = MemberError::new("authWay", Problem::Other(text));
    if offered { Ok(()) } else { Err(Refusal::ChannelMember(error)) }
}

const fn way_of(outcome: &message::Outcome) -> Option<Way> {
    match outcome {
        message::Outcome::ConfirmedByPassword(_) => Some(Way::CredentialPassword),
        message::Outcome::ConfirmedByFace(_) => Some(Way::Face),
        message::Outcome::ConfirmedByChannel => Some(Way::ChannelPassword),
        message::Outcome::Cancelled | message::Outcome::NotMe | message::Outcome::Failed => None,
    }
}

/// A report being taken.
struct Report {
    site: Arc<Site>,
    shown: Shown,
    request: message::Request,
}

impl Report {
    /// The batch it was decided in, and whether it counts.
    async fn take(self) -> (usize, Result<Accepted, Refusal>) {
        let conclusion = self.conclusion();
        let repeated = conclude::is_repeated(&self.shown.verification, self.request.notice, conclusion);
        if !repeated {
            let now = self.site.clock.now();
            let live = conclude::check_live(&self.shown.verification, self.request.notice, now);
            if let Err(rule) = live {
                return (0, Err(rule.into()));
            }
            match self.prove().await {
                Ok(Accepted::Yes) => {}
                Ok(wrong @ Accepted::WrongPassword { tries_left }) => {
                    return match tries_left {
                        0 => self.lock(wrong).await,
                        _ => (0, Ok(wrong)),
                    };
                }
                Err(refusal) => return (0, Err(refusal)),
            }
        }
        self.conclude(conclusion, Accepted::Yes).await
    }

    /// What is concluded if the proof holds.
    fn conclusion(&self) -> Conclusion {
        let by = if self.request.confirmed_by.is_some() { Confirmer::Another } else { Confirmer::Holder };
        match (&self.request.outcome, way_of(&self.request.outcome)) {
            (_, Some(way)) => Conclusion::Confirmed { way, by },
            (message::Outcome::Cancelled, _) => Conclusion::Declined(DeclineReason::Cancelled),
            (message::Outcome::NotMe, _) => Conclusion::Declined(DeclineReason::NotMe),
            _ => Conclusion::Declined(DeclineReason::ChannelFailed),
        }
    }

    /// V12.
    async fn prove(&self) -> Result<Accepted, Refusal> {
        match &self.request.outcome {
            message::Outcome::ConfirmedByPassword(digest) => self.check_password(digest).await,
            message::Outcome::ConfirmedByFace(auth_no) => self.check_face(*auth_no).await,
            _ => Ok(Accepted::Yes),
        }
    }

    async fn check_password(&self, digest: &PasswordDigest) -> Result<Accepted, Refusal> {
        let holder = Holder::open(&self.site.sealer, self.shown.key.token, &self.shown.holder)?;
        let question = PasswordQuestion {
            id_type: holder.id_type,
            id_no: holder.id_no,
            user_name: holder.name,
            password: digest.clone(),
        };
        Ok(match password_check::check(&self.site, question).await? {
            Checked::Right => Accepted::Yes,
            Checked::Wrong { left } => Accepted::WrongPassword { tries_left: left },
        })
    }

    async fn check_face(&self, auth_no: AuthNo) -> Result<Accepted, Refusal> {
        let holder = Holder::open(&self.site.sealer, self.shown.key.token, &self.shown.holder)?;
        let told = self.site.national.face_valid(auth_no, holder.index()).await;
        self.site.telemetry.national("face", national_result(&told));
        if told? { Ok(Accepted::Yes) } else { Err(Refusal::BadAuthNo) }
    }

    /// The last wrong password ends the attempt, so that the counter learns of it.
    async fn lock(&self, answer: Accepted) -> (usize, Result<Accepted, Refusal>) {
        self.conclude(Conclusion::Declined(DeclineReason::WrongPassword), answer).await
    }

    async fn conclude(&self, conclusion: Conclusion, answer: Accepted) -> (usize, Result<Accepted, Refusal>) {
        let (key, notice) = (self.shown.key, self.request.notice);
        let confirmer = self.request.confirmed_by.as_ref().map(|name| {
            let row = notice.to_string();
            self.site.sealer.seal(Cell { table: "audit", row: &row, column: "confirmer" }, name.as_bytes())
        });
        let command = Command::Conclude { key, notice, conclusion, confirmer };
        match self.site.ledger.decide(command).await {
            Ok(decided) => match decided.outcome {
                Outcome::Refused(rule) => (decided.batch, Err(rule.into())),
                _ => (decided.batch, Ok(answer)),
            },
            Err(unavailable) => (0, Err(unavailable.into())),
        }
    }
}
