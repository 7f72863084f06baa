//! Adding applicants, inviting their persons, and ending either.

use yanmi_onboarding::{ApplicantKind, ApplicantRole, Area, CreditCode};
use yanmi_protocol::AccountId;
use zeroize::Zeroizing;

use super::account::{self, AccountRow};
use super::add::check_name;
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::applicant_users::{self, ApplicantUserRow, phone_cell};
use super::applicants::{self, ApplicantRow};
use super::assignment::Assignments;
use super::change::Change;
use super::invitation::Invitation;
use super::login::Login;
use super::object::{APPLICANT, APPLICANT_USER, Action, Object, Subject};
use super::realm::Realm;
use super::{applicant_sessions, sessions};
use crate::events::Act;
use crate::store::connection::Statement;

/// Persons of one applicant who are not closed: enough for every shift of a large vendor, and a page.
pub(crate) const MAX_USERS: usize = 20;
/// Characters of a telephone number.
const PHONE: std::ops::RangeInclusive<usize> = 5..=20;

/// An applicant to be added.
#[derive(Clone, Debug)]
pub struct NewApplicant {
    /// What it is.
    pub kind: ApplicantKind,
    /// What it is called.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: CreditCode,
    /// Whose clerks look after it.
    pub region: Area,
}

/// A person of an applicant to be invited. `Debug` does not show his telephone.
#[derive(Clone)]
pub struct NewApplicantUser {
    /// What he logs in as.
    pub login: Login,
    /// His applicant.
    pub applicant: CreditCode,
    /// What he is called.
    pub name: String,
    /// Where he is called.
    pub phone: String,
    /// What he is for his applicant.
    pub role: ApplicantRole,
}

impl std::fmt::Debug for NewApplicantUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewApplicantUser({:?} of {:?}, …)", self.login, self.applicant)
    }
}

/// What a person of an applicant becomes. `Debug` does not show his telephone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ApplicantUserEdit {
    /// What he is called.
    pub name: Option<String>,
    /// Where he is called.
    pub phone: Option<String>,
}

impl std::fmt::Debug for ApplicantUserEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApplicantUserEdit({:?}, …)", self.name)
    }
}

impl Administration {
    /// Adds an applicant.
    ///
    /// # Errors
    /// When there is or was one of this code, or the name is not fit to be shown.
    pub async fn add_applicant(
        &mut self,
        new: &NewApplicant,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let NewApplicant { kind, name, credit_code, region } = new;
        check_name(APPLICANT, name)?;
        let statements = vec![applicants::insert(*kind, name, credit_code, *region, act.at)];
        let subject = Subject::Applicant(*credit_code);
        self.change(act, Change { action: Action::Add, subject, statements }).await
    }

    /// Closes an applicant for good, and all its persons. Its accounts go on: closing those is another act.
    ///
    /// # Errors
    /// When there is none, or it is closed.
    pub async fn close_applicant(
        &mut self,
        code: CreditCode,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let number = self.open_applicant(&code).await?.number;
        let set = Assignments::default().optional_number("closed_at", Some(act.at.get()));
        let more = vec![applicant_sessions::end_all(number), applicant_users::close_all(number, act.at)];
        self.assign(Subject::Applicant(code), Action::Close, set, more, act).await
    }

    /// Invites a person of an applicant.
    ///
    /// # Errors
    /// When the applicant is missing, closed or has as many persons as one may, there is or was a person of this login, or name
    /// or telephone are not fit.
    pub async fn invite_applicant_user(
        &mut self,
        new: &NewApplicantUser,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        let (invitation, hash) = self.fresh_invitation(Realm::Applicants, new.login, act.at);
        let set = |statement: Statement| statement.bytes(&hash).number(invitation.until.get());
        self.insert_applicant_user(new, "invitation, invited_until", "$8, $9", set, act).await?;
        Ok(invitation)
    }

    /// Adds a person with more columns than every one has.
    pub(super) async fn insert_applicant_user(
        &mut self,
        new: &NewApplicantUser,
        columns: &str,
        places: &str,
        values: impl FnOnce(Statement) -> Statement,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        check_name(APPLICANT_USER, &new.name)?;
        let phone = read_phone(&new.phone)?;
        let applicant = self.open_applicant(&new.applicant).await?;
        let there = applicant_users::of(&mut self.connection, &self.sealer, applicant.number).await?;
        let subject = Subject::ApplicantUser(new.login);
        if there.iter().filter(|row| row.closed_at.is_none()).count() >= MAX_USERS {
            let error = AdministrationError::ManyUsers(MAX_USERS);
            return self.refuse(act, Action::Invite, subject, error).await;
        }
        let login = new.login.as_str();
        let text = format!(
            "INSERT INTO applicant_users \
             (login, applicant, name, phone, role, totp_step, failed, changed_at, {columns}) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, {places}) ON CONFLICT DO NOTHING"
        );
        let row = Statement::composed(text)
            .text(login)
            .number(applicant.number)
            .text(&new.name)
            .bytes(&self.sealer.seal(phone_cell(login), phone.as_bytes()))
            .text(new.role.word())
            .number(0)
            .number(act.at.get());
        let statements = vec![values(row)];
        self.change(act, Change { action: Action::Invite, subject, statements }).await
    }

    /// Invites a person anew, who has lost his password or his second factor: until he takes it up, what he has stays good.
    ///
    /// # Errors
    /// When there is none, or he is closed.
    pub async fn invite_applicant_user_again(
        &mut self,
        login: Login,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        self.reinvite(Realm::Applicants, login, Action::Edit, act).await
    }

    /// Changes what a person is called, and where. What he logs in with stays, and so does his session.
    ///
    /// # Errors
    /// When there is none, he is closed, or name or telephone are not fit.
    pub async fn edit_applicant_user(
        &mut self,
        login: Login,
        edit: &ApplicantUserEdit,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let mut set = Assignments::default();
        if let Some(name) = &edit.name {
            check_name(APPLICANT_USER, name)?;
            set = set.text("name", name);
        }
        if let Some(phone) = &edit.phone {
            let phone = read_phone(phone)?;
            set = set.bytes("phone", &self.sealer.seal(phone_cell(login.as_str()), phone.as_bytes()));
        }
        self.assign(Subject::ApplicantUser(login), Action::Edit, set, Vec::new(), act).await
    }

    /// Closes a person for good; his session ends.
    ///
    /// # Errors
    /// When there is none, or he is closed.
    pub async fn close_applicant_user(
        &mut self,
        login: Login,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let set = Assignments::default()
            .optional_number("closed_at", Some(act.at.get()))
            .optional_text("password", None)
            .no_bytes("totp")
            .no_bytes("invitation")
            .optional_number("invited_until", None);
        let more = vec![sessions::end(Realm::Applicants, &login)];
        self.assign(Subject::ApplicantUser(login), Action::Close, set, more, act).await
    }

    /// Says whose an account is; nothing for nobody's.
    ///
    /// # Errors
    /// When account or applicant are missing or closed.
    pub async fn assign_account(
        &mut self,
        id: AccountId,
        applicant: Option<CreditCode>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let number = match applicant {
            Some(code) => Some(self.open_applicant(&code).await?.number),
            None => None,
        };
        self.change(act, assignment(id, number, act)).await
    }

    /// Within a transaction that is open: an account that was just made is that of the applicant with this code, if there is one.
    pub(super) async fn assign_made(
        &mut self,
        id: AccountId,
        code: &str,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let Ok(code) = CreditCode::new(code) else { return Ok(()) };
        let found = applicants::one(&mut self.connection, &code).await?;
        let Some(applicant) = found.filter(|found| found.closed_at.is_none()) else { return Ok(()) };
        self.change_inside(act, assignment(id, Some(applicant.number), act)).await
    }

    /// An applicant that is not closed.
    pub(super) async fn open_applicant(
        &mut self,
        code: &CreditCode,
    ) -> Result<ApplicantRow, AdministrationError> {
        let found = applicants::one(&mut self.connection, code).await?;
        let found = found.ok_or_else(|| AdministrationError::missing(APPLICANT, code.as_str()))?;
        if found.closed_at.is_some() {
            return Err(AdministrationError::closed(APPLICANT, code.as_str()));
        }
        Ok(found)
    }

    /// The applicant with this code.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applicant(
        &mut self,
        code: &CreditCode,
    ) -> Result<Option<ApplicantRow>, AdministrationError> {
        Ok(applicants::one(&mut self.connection, code).await?)
    }

    /// The applicant with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn numbered_applicant(
        &mut self,
        number: i64,
    ) -> Result<Option<ApplicantRow>, AdministrationError> {
        Ok(applicants::numbered(&mut self.connection, number).await?)
    }

    /// So many applicants of these areas before a number, the newest first, of which code or name contain a text.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applicants_in(
        &mut self,
        areas: &[Area],
        before: i64,
        find: &str,
        count: usize,
    ) -> Result<Vec<ApplicantRow>, AdministrationError> {
        Ok(applicants::page(&mut self.connection, areas, before, find, count).await?)
    }

    /// The persons of an applicant, closed ones among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applicant_users(
        &mut self,
        applicant: i64,
    ) -> Result<Vec<ApplicantUserRow>, AdministrationError> {
        Ok(applicant_users::of(&mut self.connection, &self.sealer, applicant).await?)
    }

    /// So many accounts of an applicant after one of them.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applicant_accounts(
        &mut self,
        applicant: i64,
        after: &str,
        count: usize,
    ) -> Result<Vec<AccountRow>, AdministrationError> {
        let stored =
            account::of_applicant(&mut self.connection, &self.sealer, (applicant, after), count).await?;
        Ok(stored.into_iter().map(AccountRow::from).collect())
    }
}

/// A telephone number as it is stored.
fn read_phone(typed: &str) -> Result<Zeroizing<String>, AdministrationError> {
    let phone = Zeroizing::new(typed.trim().to_owned());
    let fits = |b: u8| b.is_ascii_digit() || b"-+ ".contains(&b);
    let is_phone = PHONE.contains(&phone.len()) && phone.bytes().all(fits);
    if is_phone { Ok(phone) } else { Err(AdministrationError::BadPhone) }
}

/// The change that says whose an account is.
fn assignment(id: AccountId, applicant: Option<i64>, act: Act<'_>) -> Change {
    let subject = Subject::Entry(Object::Account(id));
    let set = Assignments::default().optional_number("applicant", applicant);
    Change { action: Action::Edit, subject, statements: vec![set.of(subject, act.at)] }
}
