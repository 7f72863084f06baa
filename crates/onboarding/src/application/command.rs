//! What can be done, and what has to follow.

use yanmi_protocol::{AccountId, KeyCheckValue, UnixMillis};

use crate::application::attachment::Attachment;
use crate::application::checklist::CheckItem;
use crate::application::form::{Fault, Form, FormDigest};
use crate::application::state::{Ground, Report};
use crate::area::Level;

/// A command. Decisions about a form carry the digest of the one that was looked at.
#[derive(Clone, Debug)]
pub enum Command<'a> {
    /// Keep the draft. The form is stored beside the application.
    Save,
    /// Add a paper to the form. The form is stored beside the application.
    AddFile(&'a Attachment),
    /// Take a paper away.
    RemoveFile(&'a Attachment),
    /// Submit the form, for the first time or mended.
    Submit(&'a Form),
    /// Work on it, for half an hour.
    Claim,
    /// Let others work on it.
    Release,
    /// Pass it on to the level above; a reviewer confirms.
    Pass {
        /// Which form.
        form: FormDigest,
        /// What was answered with yes.
        checked: &'a [CheckItem],
        /// What he has to say.
        opinion: &'a str,
    },
    /// Send it back to be mended.
    Return {
        /// Which form.
        form: FormDigest,
        /// What is wrong; this, or the opinion.
        faults: &'a [Fault],
        /// What he has to say.
        opinion: &'a str,
    },
    /// Refuse it for good; a reviewer confirms.
    Refuse {
        /// Which form.
        form: FormDigest,
        /// Why.
        ground: Ground,
        /// Why, in words; required.
        opinion: &'a str,
    },
    /// Approve it; a reviewer confirms.
    Approve {
        /// Which form.
        form: FormDigest,
        /// What was answered with yes.
        checked: &'a [CheckItem],
        /// The account for joint debugging, for kinds that need one.
        account: Option<AccountId>,
        /// What he has to say.
        opinion: &'a str,
    },
    /// Confirm what waits for a second person.
    Confirm {
        /// Which form; nothing where no form is being looked at any more.
        form: Option<FormDigest>,
    },
    /// Do not confirm it: it is as if it had not been proposed.
    Object,
    /// Pass over a level at which nobody works.
    Skip,
    /// An envelope of the account opened.
    See(Sight),
    /// A report came.
    Report(&'a Report),
    /// A sample of the applicant's own report was run before his eyes.
    Witness,
    /// Give joint debugging more time, once.
    Extend,
    /// Look at the report and find it good.
    Accept {
        /// For a conditional one, when what is to be mended has to be.
        until: Option<UnixMillis>,
        /// What he has to say.
        opinion: &'a str,
    },
    /// What had to be mended is: the condition is met.
    Fulfil {
        /// What he has to say; required.
        opinion: &'a str,
    },
    /// Make the key out.
    Issue {
        /// The account.
        account: AccountId,
        /// The key's check value.
        kcv: KeyCheckValue,
    },
    /// The key was fetched.
    Take,
    /// Stop it for a while; those on duty for four hours at most.
    Suspend {
        /// Why.
        ground: Ground,
        /// Why, in words; required.
        opinion: &'a str,
        /// When it ends by itself; nothing until somebody ends it.
        until: Option<UnixMillis>,
    },
    /// Let it call again.
    Resume {
        /// Why, in words; required.
        opinion: &'a str,
    },
    /// Withdraw it.
    Withdraw,
    /// Close it for good; a reviewer confirms.
    Close {
        /// Why.
        ground: Ground,
        /// Why, in words; required.
        opinion: &'a str,
    },
    /// Carry out what time has done.
    Lapse,
}

/// What the center saw of an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sight {
    /// An envelope that opened.
    Opened,
    /// A notice.
    Notice,
    /// A status query.
    Status,
}

/// What has to be carried out with the step, in the same transaction or by what is written in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Keep the form of this round, for good.
    KeepForm {
        /// Which round.
        round: u8,
        /// Which form.
        form: FormDigest,
    },
    /// Tell the applicant.
    Tell(Tiding),
    /// Show it to the clerks of this level.
    ShowAt(Level),
    /// Show it to the second persons of this level.
    ShowToSecond(Level),
    /// Let the account for joint debugging call.
    StartTrial(AccountId),
    /// Make the feedback form for joint debugging.
    MakeTrialForm,
    /// Make the account and its key, and the feedback form for real settlements.
    MakeAccount(AccountId),
    /// Let the account call; within a second.
    Enable(AccountId),
    /// Let it call no more; within a second.
    Disable(AccountId),
    /// Close the account: wipe its keys, end its pairs.
    CloseAccount(AccountId),
    /// Carry out what was applied for: attach, change or close.
    CarryOut,
}

/// What an applicant is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tiding {
    /// It was submitted, and waits at a desk until this day.
    Submitted {
        /// Of which level.
        level: Level,
        /// When it should be on.
        due: UnixMillis,
    },
    /// It was passed on.
    PassedOn(Level),
    /// It came back.
    Returned,
    /// It was refused.
    Refused,
    /// It was approved.
    Approved,
    /// The report was found good.
    Accepted,
    /// The key is there.
    Issued,
    /// It was stopped.
    Suspended,
    /// It may call again.
    Resumed,
    /// It was withdrawn, or has lapsed.
    Withdrawn,
    /// It was closed.
    Closed,
}
