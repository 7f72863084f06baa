//! What: the things that are done at the console, and the roles they are for.

use crate::role::Role;

/// Something an operator does or looks at. Every page and every form of the console declares one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// See what is registered: accounts, institutions, channels.
    ViewRegistry,
    /// Change an entry of the registry.
    EditEntry,
    /// Read in full whom to call about an institution, and change that.
    EditContact,
    /// Stop an entry in an emergency, for some hours.
    StopEntry,
    /// Disable or enable an entry until further notice.
    SwitchEntry,
    /// Close an entry for good.
    CloseEntry,
    /// Give an entry another key.
    RotateKey,
    /// See what was imported in bulk, and how it goes.
    ViewImports,
    /// Bring a table of entries, and have it done.
    ImportEntries,
    /// Be the second person of an import, or undo one.
    ReviewImport,
    /// Read what operators did.
    ViewEvents,
    /// Check that what operators did is recorded without a gap.
    VerifyEvents,
    /// See operators and their grants.
    ViewOperators,
    /// Let somebody become an operator, without any right.
    InviteOperator,
    /// Close an operator for good.
    CloseOperator,
    /// Grant a role; [`crate::may_grant`] asks for more than this.
    GrantRole,
    /// Take a role away.
    RevokeRole,
    /// Let an operator in again who was locked out.
    UnlockOperator,
    /// See the center's settings.
    ViewSettings,
    /// See how the center does.
    ViewHealth,
    /// See what is refused at the institutions of a region, and why.
    ViewErrors,
    /// Follow what happened to a code, a serial or a notice.
    TraceNumber,
    /// Follow everything that happened at an institution.
    TraceInstitution,
    /// See the name and the document of a person in full.
    Unmask,
    /// Have a notice that nobody has answered yet delivered once more.
    Redeliver,
    /// Try whether a channel can be reached, with a notice that nobody sees.
    TestChannel,
    /// See how many were asked, confirmed and refused.
    ViewStatistics,
    /// See applications, with the persons they name.
    ViewApplications,
    /// File an application for somebody who came to the counter.
    FileApplication,
    /// See applicants of a region, and their persons.
    ViewApplicants,
    /// Add an applicant, invite its persons, and end either.
    EditApplicant,
    /// See what waits for a second person: his own, and what he may decide.
    ViewPending,
    /// Be the second person of a change; [`crate::may_decide`] asks for more than this.
    DecideChange,
    /// See alarms; which ones of those in reach follows from their rule ([`crate::AlarmRule::is_seen_by`]).
    ViewAlarms,
    /// Take and close an alarm about institutions, channels and keys.
    HandleAlarm,
    /// The same about who gets into the console and what is recorded of it.
    HandleSecurityAlarm,
    /// The same about the center itself.
    HandleNodeAlarm,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::ViewRegistry,
        Self::EditEntry,
        Self::EditContact,
        Self::StopEntry,
        Self::SwitchEntry,
        Self::CloseEntry,
        Self::RotateKey,
        Self::ViewImports,
        Self::ImportEntries,
        Self::ReviewImport,
        Self::ViewEvents,
        Self::VerifyEvents,
        Self::ViewOperators,
        Self::InviteOperator,
        Self::CloseOperator,
        Self::GrantRole,
        Self::RevokeRole,
        Self::UnlockOperator,
        Self::ViewSettings,
        Self::ViewHealth,
        Self::ViewErrors,
        Self::TraceNumber,
        Self::TraceInstitution,
        Self::Unmask,
        Self::Redeliver,
        Self::TestChannel,
        Self::ViewStatistics,
        Self::ViewApplications,
        Self::FileApplication,
        Self::ViewApplicants,
        Self::EditApplicant,
        Self::ViewPending,
        Self::DecideChange,
        Self::ViewAlarms,
        Self::HandleAlarm,
        Self::HandleSecurityAlarm,
        Self::HandleNodeAlarm,
    ];

    /// The roles it is for; one of them is enough, in an area that covers the place.
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::ViewRegistry => {
                &[Role::Clerk, Role::Reviewer, Role::Approver, Role::KeyKeeper, Role::Duty, Role::Helpdesk]
            }
            Self::ViewApplications => &[Role::Clerk, Role::Reviewer, Role::Approver, Role::KeyKeeper],
            Self::EditEntry | Self::EditContact | Self::ImportEntries => &[Role::Clerk, Role::Approver],
            Self::SwitchEntry | Self::CloseEntry => &[Role::Approver],
            Self::FileApplication | Self::EditApplicant => &[Role::Clerk],
            Self::ViewPending | Self::ViewImports | Self::ViewApplicants => {
                &[Role::Clerk, Role::Reviewer, Role::Approver]
            }
            Self::DecideChange | Self::ReviewImport => &[Role::Reviewer, Role::Approver],
            Self::StopEntry => &[Role::Duty, Role::Approver],
            Self::RotateKey => &[Role::KeyKeeper],
            Self::ViewEvents | Self::VerifyEvents => &[Role::Auditor],
            Self::ViewOperators => &[Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor],
            Self::InviteOperator | Self::CloseOperator | Self::ViewSettings => &[Role::SystemAdmin],
            Self::GrantRole | Self::RevokeRole | Self::UnlockOperator | Self::HandleSecurityAlarm => {
                &[Role::SecurityAdmin]
            }
            Self::ViewHealth | Self::HandleNodeAlarm => &[Role::SystemAdmin, Role::Duty],
            Self::ViewAlarms => &[Role::SystemAdmin, Role::SecurityAdmin, Role::Approver, Role::Duty],
            Self::HandleAlarm | Self::Redeliver => &[Role::Duty],
            Self::ViewErrors | Self::TraceNumber => &[Role::Approver, Role::Duty, Role::Helpdesk],
            Self::TraceInstitution | Self::Unmask | Self::ViewStatistics | Self::TestChannel => {
                &[Role::Approver, Role::Duty]
            }
        }
    }

    /// Whether a second person has to agree. What stops somebody is done at once, for it can be undone as quickly; what
    /// gives rights, or cannot be undone, is not done by one alone. Whom to call gives none.
    pub const fn needs_second(self) -> bool {
        matches!(self, Self::EditEntry | Self::CloseEntry)
    }
}
