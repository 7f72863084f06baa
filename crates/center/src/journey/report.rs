//! What the person did about a notice, whoever tells: the channel's app, or the center's own page (V6, V12).
//!
//! A confirmation counts only with its proof. By password: the center has it checked itself. By face: the national
//! center confirms the authorization number. By the channel's own password: on the channel's word, recorded so. The
//! notice must be live before the proof is asked for, and is looked at again where it is concluded.

use std::sync::Arc;

use yanmi_protocol::message::auth_result::Outcome as Done;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_protocol::{AuthNo, PasswordDigest};
use yanmi_verification::conclude::{self, Conclusion};
use yanmi_verification::{Confirmer, DeclineReason};

use crate::journey::credential::{Holder, national_result};
use crate::journey::password_check::{self, Checked};
use crate::ledger::{Conclude, FaceKey, Shown};
use crate::refusal::Refusal;
use crate::sealing::{Cell, Sealer};
use crate::share::Share;
use crate::site::Site;

/// What becomes of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReportOutcome {
    /// It counts.
    Accepted,
    /// The password was wrong.
    WrongPassword {
        /// How many more wrong ones there may be; with none left the attempt is over.
        left: u32,
    },
}

/// Who tells of it.
#[derive(Clone, Debug)]
pub(crate) enum Teller {
    /// The channel, perhaps with the name of somebody who confirmed for the person.
    Channel { confirmed_by: Option<String> },
    /// The person, on the center's page; a password is checked only if so many tries have been counted.
    Page { tries: u32 },
}

/// A report being taken.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) site: Arc<Site>,
    /// What the teller has of what all share.
    pub(crate) share: Arc<Share>,
    /// The verification whose notice it is about.
    pub(crate) shown: Shown,
    pub(crate) done: Done,
    pub(crate) teller: Teller,
}

/// The way somebody confirmed.
pub(crate) const fn way_of(done: &Done) -> Option<Way> {
    match done {
        Done::ConfirmedByPassword(_) => Some(Way::CredentialPassword),
        Done::ConfirmedByFace(_) => Some(Way::Face),
        Done::ConfirmedByChannel => Some(Way::ChannelPassword),
        Done::Cancelled | Done::NotMe | Done::Failed => None,
    }
}

/// By which an authorization is known again.
fn face_key(sealer: &Sealer, auth_no: AuthNo) -> FaceKey {
    FaceKey(sealer.index("face authorization", &[auth_no.as_str()]))
}

impl Report {
    /// Takes it in a task of its own: one that was begun to be checked is finished even when the teller hangs up. The
    /// batch it was decided in, and whether it counts.
    pub(crate) async fn finish(self) -> Result<(usize, Result<ReportOutcome, Refusal>), Refusal> {
        let task = tokio::spawn(async move { self.take().await });
        task.await.map_err(|error| Refusal::Broken(format!("认证结果任务中断：{error}")))
    }

    /// Whether it has been taken before, so that nothing is left to be done.
    pub(crate) fn stands(&self) -> bool {
        let notice = self.shown.verification.notice;
        conclude::is_repeated(&self.shown.verification, notice, self.conclusion())
    }

    async fn take(self) -> (usize, Result<ReportOutcome, Refusal>) {
        let (conclusion, notice) = (self.conclusion(), self.shown.verification.notice);
        if !self.stands() {
            let now = self.site.clock.now();
            if let Err(rule) = conclude::check_live(&self.shown.verification, notice, now) {
                return (0, Err(rule.into()));
            }
            match self.prove().await {
                Ok(ReportOutcome::Accepted) => {}
                // The last wrong password ends the attempt, so that the counter learns of it.
                Ok(wrong @ ReportOutcome::WrongPassword { left: 0 }) => {
                    return self.conclude(Conclusion::Declined(DeclineReason::WrongPassword), wrong).await;
                }
                other => return (0, other),
            }
        }
        self.conclude(conclusion, ReportOutcome::Accepted).await
    }

    /// What is concluded if the proof holds.
    fn conclusion(&self) -> Conclusion {
        let another = matches!(&self.teller, Teller::Channel { confirmed_by: Some(_) });
        let by = if another { Confirmer::Another } else { Confirmer::Holder };
        match (&self.done, way_of(&self.done)) {
            (_, Some(way)) => Conclusion::Confirmed { way, by },
            (Done::Cancelled, _) => Conclusion::Declined(DeclineReason::Cancelled),
            (Done::NotMe, _) => Conclusion::Declined(DeclineReason::NotMe),
            _ => Conclusion::Declined(DeclineReason::ChannelFailed),
        }
    }

    /// V12.
    async fn prove(&self) -> Result<ReportOutcome, Refusal> {
        match &self.done {
            Done::ConfirmedByPassword(digest) => self.check_password(digest).await,
            Done::ConfirmedByFace(auth_no) => self.check_face(*auth_no).await,
            _ => Ok(ReportOutcome::Accepted),
        }
    }

    async fn check_password(&self, digest: &PasswordDigest) -> Result<ReportOutcome, Refusal> {
        let holder = Holder::open(&self.site.sealer, self.shown.key.token, &self.shown.holder)?;
        let question = PasswordQuestion {
            id_type: holder.id_type,
            id_no: holder.id_no,
            user_name: holder.name,
            password: digest.clone(),
        };
        let expected = match self.teller {
            Teller::Page { tries } => Some(tries),
            Teller::Channel { .. } => None,
        };
        Ok(match password_check::check(&self.site, &self.share, question, expected, None).await? {
            Checked::Right => ReportOutcome::Accepted,
            Checked::Wrong { left } => ReportOutcome::WrongPassword { left },
        })
    }

    async fn check_face(&self, auth_no: AuthNo) -> Result<ReportOutcome, Refusal> {
        let holder = Holder::open(&self.site.sealer, self.shown.key.token, &self.shown.holder)?;
        let told = self.site.national.face_valid(&self.share, auth_no, holder.index()).await;
        self.site.telemetry.national("face", national_result(&told));
        if told? { Ok(ReportOutcome::Accepted) } else { Err(Refusal::BadAuthNo) }
    }

    async fn conclude(
        &self,
        conclusion: Conclusion,
        taken: ReportOutcome,
    ) -> (usize, Result<ReportOutcome, Refusal>) {
        let (key, notice) = (self.shown.key, self.shown.verification.notice);
        let (confirmer, by) = match &self.teller {
            Teller::Channel { confirmed_by } => (confirmed_by.as_deref().map(|name| self.seal(name)), None),
            Teller::Page { .. } => (None, Some("page")),
        };
        let face = match &self.done {
            Done::ConfirmedByFace(auth_no) => Some(face_key(&self.site.sealer, *auth_no)),
            _ => None,
        };
        let command = Conclude { key, notice, conclusion, confirmer, by, face };
        // What the national center was asked for is not asked for again because of a queue.
        let is_proven = matches!(way_of(&self.done), Some(Way::CredentialPassword | Way::Face));
        let decided = if is_proven {
            self.site.ledger.follow(command).await
        } else {
            self.site.ledger.decide(&self.share, command).await
        };
        match decided {
            Ok(decided) => (decided.batch, decided.answer.map(|()| taken).map_err(Refusal::from)),
            Err(unavailable) => (0, Err(unavailable.into())),
        }
    }

    fn seal(&self, name: &str) -> Vec<u8> {
        let row = self.shown.verification.notice.to_string();
        self.site.sealer.seal(Cell { table: "audit", row: &row, column: "confirmer" }, name.as_bytes())
    }
}
