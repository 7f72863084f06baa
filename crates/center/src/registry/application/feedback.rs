//! Issuing feedback forms (反馈表): what is registered, what the configuration says of the site, and the center's signature.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Encode;
use yanmi_onboarding::application::{Approval, Live, Person, ReportConclusion, State};
use yanmi_papers::feedback::{
    Acceptance, CenterAccess, Contacts, Issuer, KeyFacts, Limits, ListedInstitution, MAX_ROOTS, ReqtType,
    System, TlsRoot,
};
use yanmi_papers::{
    Conclusion, Feedback, FeedbackNo, Handover, Interface, KeyForm, PrivateKey, PrivateKeyError, Signed,
    Stage,
};
use yanmi_protocol::system::words;
use yanmi_protocol::{Region, UnixMillis};

use super::{ApplicationError, application_no, year_of};
use crate::config::{self, Config, PrintedText};
use crate::events::{Act, NO_CHANGES, OperatorEvent, Outcome, operator_events};
use crate::registry::account::{self, AccountRow};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::applications::{self, ApplicationRow};
use crate::registry::feedback_forms::{self, FeedbackRow};
use crate::registry::institution::{self, InstitutionRow};
use crate::registry::login::Login;
use crate::registry::object::ACCOUNT;
use crate::registry::{Interface as Registered, operators, version};
use crate::store::StoreError;

/// What begins `reqtType` of an information system (section 1.3.2.1).
const PREFIX: &str = "sys";

/// What stands on every form of the site, and the key it is signed with.
pub(crate) struct FeedbackTerms {
    pub(crate) signer: PrivateKey,
    title: String,
    issuer: String,
    region: Region,
    center: CenterAccess,
    limits: Limits,
    contacts: Contacts,
    key_days: u32,
    /// What an account has that says nothing else.
    rate: u32,
    burst: u32,
}

impl std::fmt::Debug for FeedbackTerms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FeedbackTerms({})", self.signer.public().id())
    }
}

/// Why forms cannot be signed. Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackTermsError {
    /// A file cannot be used.
    #[error("设置 {setting}：文件 {} 不可用：{why}", path.display())]
    File {
        /// Which setting names it.
        setting: &'static str,
        /// Where it is.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl FeedbackTerms {
    /// What a configuration says; nothing where no form is to be signed.
    ///
    /// # Errors
    /// When the key or the roots cannot be used.
    pub(crate) fn load(config: &Config) -> Result<Option<Self>, FeedbackTermsError> {
        let of = &config.onboarding;
        let Some(path) = &of.signing_key else { return Ok(None) };
        let failed = |setting, path: &Path, why: String| FeedbackTermsError::File {
            setting,
            path: path.to_path_buf(),
            why,
        };
        let signer = config::read_private(path)
            .and_then(|text| PrivateKey::from_pem(&text).map_err(|error: PrivateKeyError| error.to_string()))
            .map_err(|why| failed("onboarding.signing_key", path, why))?;
        let tls_roots = match &of.tls_roots {
            Some(path) => roots(path).map_err(|why| failed("onboarding.tls_roots", path, why))?,
            None => Vec::new(),
        };
        let printed = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(Some(Self {
            signer,
            title: of.title.as_str().to_owned(),
            issuer: printed(of.issuer.as_ref().map(PrintedText::as_str)),
            region: config.region,
            center: CenterAccess {
                urls: of.urls.as_ref().map(|urls| urls.0.clone()).unwrap_or_default(),
                tls_roots,
                time_source: of.time_source.as_ref().map(|text| text.as_str().to_owned()),
            },
            limits: limits(config),
            contacts: Contacts {
                debugging_phone: printed(of.debugging_phone.as_ref().map(PrintedText::as_str)),
                duty_phone: printed(of.duty_phone.as_ref().map(PrintedText::as_str)),
                portal: of.portal.as_ref().map(|text| text.as_str().to_owned()),
            },
            key_days: of.key_days,
            rate: config.limits.requests_per_second,
            burst: config.limits.burst,
        }))
    }
}

fn limits(config: &Config) -> Limits {
    let seconds = |span: std::time::Duration| u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
    let policy = &config.policy;
    Limits {
        timestamp_window_seconds: seconds(config.timestamp_window),
        notice_seconds: seconds(policy.notice_life),
        confirmation_seconds: seconds(policy.confirmation_life),
        token_seconds: seconds(policy.token_life),
        notice_interval_seconds: seconds(policy.notice_interval),
        notices_per_verification: policy.notices_per_verification,
    }
}

/// The certificates of a file.
fn roots(path: &Path) -> Result<Vec<TlsRoot>, String> {
    /// Bytes of the largest file: eight certificates of some two thousand bytes each, and comments.
    const MAX_FILE: u64 = 256 * 1024;
    let size = std::fs::metadata(path).map_err(|error| words(&error).to_string())?.len();
    if size > MAX_FILE {
        return Err(format!("超过 {MAX_FILE} 字节"));
    }
    let text = std::fs::read(path).map_err(|error| words(&error).to_string())?;
    let found = Certificate::load_pem_chain(&text).map_err(|_| "不是 PEM 证书".to_owned())?;
    if found.is_empty() || found.len() > MAX_ROOTS {
        return Err(format!("应有 1 至 {MAX_ROOTS} 个证书，实际 {} 个", found.len()));
    }
    let root = |certificate: &Certificate| {
        let der = certificate.to_der().map_err(|_| "证书无法读出".to_owned())?;
        let ends = certificate.tbs_certificate().validity().not_after.to_unix_duration();
        let millis = i64::try_from(ends.as_millis()).unwrap_or(i64::MAX);
        Ok(TlsRoot { sha256: Sha256::digest(&der).into(), not_after: UnixMillis::new(millis) })
    };
    found.iter().map(root).collect()
}

impl Administration {
    /// The newest form of an application.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn newest_feedback(
        &mut self,
        application: i64,
    ) -> Result<Option<FeedbackRow>, AdministrationError> {
        Ok(feedback_forms::newest(&mut self.connection, application).await?)
    }

    /// The form of a code, and the code of the edition that took its place.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn feedback(
        &mut self,
        code: &str,
    ) -> Result<Option<(FeedbackRow, Option<String>)>, AdministrationError> {
        let Some(row) = feedback_forms::of_code(&mut self.connection, code).await? else { return Ok(None) };
        let later = match row.superseded_by {
            Some(number) => feedback_forms::one(&mut self.connection, number).await?.map(|row| row.code),
            None => None,
        };
        Ok(Some((row, later)))
    }

    /// Issues a form of an application that is live; one that was issued before is superseded by it.
    ///
    /// # Errors
    /// [`ApplicationError`], or when the database fails.
    pub(crate) async fn issue_feedback(
        &mut self,
        number: i64,
        terms: &FeedbackTerms,
        act: Act<'_>,
    ) -> Result<FeedbackRow, AdministrationError> {
        self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let facts = a.feedback_facts(number).await?;
            let before = feedback_forms::newest(&mut a.connection, number).await?;
            let sequence = feedback_forms::TABLE.next_number(&mut a.connection).await?;
            let code = u32::try_from(sequence).ok();
            let code = code.and_then(|sequence| FeedbackNo::new(terms.region, year_of(act.at), sequence));
            let code = code.ok_or(ApplicationError::NoAccount)?;
            let supersedes = before.and_then(|row| FeedbackNo::read(&row.code).ok());
            let paper = facts.paper((code, supersedes), terms, act.at)?;
            let row = FeedbackRow {
                number: sequence,
                code: code.to_string(),
                application: number,
                paper: Signed::new(paper, &terms.signer).map_err(ApplicationError::from)?,
                made_by: act.actor.as_str().to_owned(),
                made_at: act.at,
                superseded_by: None,
            };
            a.connection.run(feedback_forms::insert(&row)).await?;
            a.connection.run(feedback_forms::supersede(number, sequence)).await?;
            let event =
                OperatorEvent::new(act, "feedback.issue", ("feedback", &row.code), Outcome::Done, NO_CHANGES);
            let place = applications::place(&mut a.connection, number).await?;
            operator_events::append(&mut a.connection, event.in_region(place)).await?;
            Ok(row)
        })
        .await
    }

    async fn feedback_facts(&mut self, number: i64) -> Result<FeedbackFacts, AdministrationError> {
        let row = self.application(number).await?;
        let live = match row.application.state() {
            State::Live(live) => live.clone(),
            State::Suspended { was, .. } => Live::clone(was),
            _ => return Err(ApplicationError::NoAccount.into()),
        };
        let id = live.key.account;
        let account = account::one(&mut self.connection, &self.sealer, &id).await?;
        let account = account.ok_or_else(|| AdministrationError::missing(ACCOUNT, id.as_str()))?;
        let institutions = self.institutions_of(&account).await?;
        let approver = self.approver(&live.approval).await?;
        let by_file = applications::offer(&mut self.connection, number).await?.is_some();
        Ok(FeedbackFacts { row, live, approver, account, institutions, by_file })
    }

    /// Who approved, by name; his login where nobody has it any more.
    async fn approver(&mut self, approval: &Approval) -> Result<String, StoreError> {
        let (Person::Operator(id) | Person::Applicant(id)) = approval.by.by;
        let login = Login::new(id.as_str()).ok();
        let stored = match login {
            Some(login) => operators::one(&mut self.connection, &login).await?,
            None => None,
        };
        Ok(stored.map_or_else(|| id.as_str().to_owned(), |row| row.name))
    }

    async fn institutions_of(&mut self, account: &AccountRow) -> Result<Vec<InstitutionRow>, StoreError> {
        institution::through(&mut self.connection, &account.id, yanmi_papers::feedback::MAX_INSTITUTIONS)
            .await
    }
}

/// What a form is made of.
struct FeedbackFacts {
    row: ApplicationRow,
    live: Live,
    /// Who approved, by name.
    approver: String,
    account: AccountRow,
    institutions: Vec<InstitutionRow>,
    /// Whether the key went to the applicant's public key.
    by_file: bool,
}

impl FeedbackFacts {
    fn paper(
        &self,
        (number, supersedes): (FeedbackNo, Option<FeedbackNo>),
        terms: &FeedbackTerms,
        now: UnixMillis,
    ) -> Result<Feedback, ApplicationError> {
        let approval = &self.live.approval;
        let application = application_no(&self.row.application, self.row.number, self.row.made_at);
        let rate = self.account.rate.map_or(terms.rate, std::num::NonZeroU32::get);
        Ok(Feedback {
            number,
            stage: Stage::Live,
            issued_at: now,
            valid_until: None,
            supersedes,
            title: terms.title.clone(),
            issuer: Issuer {
                region: terms.region,
                name: terms.issuer.clone(),
                approved_by: self.approver.clone(),
                approved_at: approval.by.at,
                application: application.ok_or(ApplicationError::NoAccount)?,
            },
            system: self.system(),
            reqt_type: ReqtType { prefix: PREFIX.to_owned(), region: terms.region },
            center: terms.center.clone(),
            interfaces: interfaces(&self.account),
            rate,
            burst: terms.burst.max(rate),
            source_networks: self.account.networks.list(),
            institutions: self.institutions.iter().filter_map(listed).collect(),
            key: self.key(terms),
            limits: terms.limits.clone(),
            receipts: Vec::new(),
            acceptance: self.acceptance(),
            contacts: terms.contacts.clone(),
        })
    }

    fn system(&self) -> System {
        use yanmi_onboarding::application::Field;
        let text = |field| self.row.form.text(field).unwrap_or_default().to_owned();
        System {
            org_id: self.account.id,
            name: self.account.name.clone(),
            vendor: text(Field::Vendor),
            product: text(Field::Product),
            version: text(Field::Version),
        }
    }

    fn key(&self, terms: &FeedbackTerms) -> KeyFacts {
        let made_at = self.live.key.at;
        let days = std::time::Duration::from_hours(24 * u64::from(terms.key_days));
        KeyFacts {
            form: KeyForm::Hex,
            kcv: self.account.newest,
            generation: 1,
            made_at,
            rotate_by: (terms.key_days > 0).then(|| made_at.plus(days)),
            handed_over: if self.by_file { Handover::Sm2 } else { Handover::Link },
        }
    }

    fn acceptance(&self) -> Option<Acceptance> {
        let report = &self.live.acceptance.report;
        Some(Acceptance {
            report_sm3: report.digest,
            conclusion: match report.conclusion {
                ReportConclusion::Passed => Conclusion::Passed,
                ReportConclusion::Conditional => Conclusion::Conditional,
                ReportConclusion::Failed => return None,
            },
            at: report.at,
            product: report.product.name.clone(),
            version: report.product.version.clone(),
        })
    }
}

fn interfaces(account: &AccountRow) -> Vec<Interface> {
    let given = |interface: &Registered| account.interfaces.contains(*interface);
    Registered::ALL
        .iter()
        .filter(|interface| given(interface))
        .filter_map(|i| Interface::read(i.word()))
        .collect()
}

/// An institution as it is listed; nothing for one outside every province.
fn listed(row: &InstitutionRow) -> Option<ListedInstitution> {
    Some(ListedInstitution {
        org_code: row.org_code,
        name: row.name.clone(),
        region: Region::new(row.region.as_str()).ok()?,
    })
}
