//! The report of a run that a test center signed, held against the application it is carried to.

use yanmi_protocol::{OrgCode, UnixMillis};

use crate::application::case::Application;
use crate::application::form::{Field, Form};
use crate::application::kind::Kind;
use crate::application::refused::Refused;
use crate::application::report_file::product_of;
use crate::application::state::{Origin, Report, ReportConclusion, State};
use crate::application::test_run::TestRun;

/// What a test center's signature stands under. Whose signature it is was found out before.
#[derive(Clone, Debug)]
pub struct SignedRun<'a> {
    /// SM3 of the report.
    pub digest: [u8; 32],
    /// What it came to.
    pub conclusion: ReportConclusion,
    /// When the report was written.
    pub at: UnixMillis,
    /// Whether a channel app was tried, and not the system of an institution.
    pub is_channel: bool,
    /// Product and version in one text.
    pub product: &'a str,
    /// The institutions it was tried with; at a test center they may be invented.
    pub institutions: &'a [OrgCode],
    /// Who presided.
    pub run: TestRun,
}

impl Report {
    /// A signed run as the report of an application in its trial. It has to be of the form's product and version, and of the
    /// trial account that was approved, or of an institution of the form where the test center had it.
    ///
    /// # Errors
    /// [`Refused::NotNow`] where there is no trial, [`Refused::Report`], which says what does not fit.
    pub fn of_test_center(
        signed: SignedRun<'_>,
        application: &Application,
        form: &Form,
    ) -> Result<Self, Refused> {
        let State::Trial(trial) = application.state() else { return Err(Refused::NotNow) };
        if signed.is_channel != (application.kind() == Kind::Channel) {
            return Err(Refused::Report("验收的不是申请的那一类：机构信息系统与渠道应用各有各的验收"));
        }
        let product = product_of(signed.product, &trial.approval.product);
        if product != trial.approval.product {
            return Err(Refused::Report("验收报告的产品或版本与申请表不同"));
        }
        let account = &signed.run.account;
        let of_form = signed.institutions.iter().any(|code| form.institutions().contains(code))
            || (signed.is_channel && form.text(Field::Channel) == Some(account.as_str()));
        if *account != trial.account && !of_form {
            return Err(Refused::Report(
                "验收报告的账号不是批准的联调编码，验收所用的编码也不在申请表之中：不能确认是这个系统的报告",
            ));
        }
        let SignedRun { digest, conclusion, at, run, .. } = signed;
        Ok(Self { digest, conclusion, at, origin: Origin::RunHere, product, run: Some(Box::new(run)) })
    }
}
