//! `applicant_users`: the persons of applicants.

use yanmi_onboarding::ApplicantRole;
use yanmi_protocol::{UnixMillis, mask};

use super::credentials;
use super::login::{Login, read_login};
use crate::events::Fields;
use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "applicant_users (login, applicant, name, phone, role, password, password_at, totp, totp_step, failed, locked_until, \
            last_login, invitation, invited_until, closed_at, changed_at)",
    &[
        Text, Number, Text, Bytes, Text, Text, Number, Bytes, Number, Number, Number, Number, Bytes, Number,
        Number, Number,
    ],
    1,
);

/// A person as listed; nothing of what he logs in with. `Debug` does not show his telephone.
#[derive(Clone)]
pub struct ApplicantUserRow {
    /// What he logs in as.
    pub login: Login,
    /// The number of his applicant.
    pub applicant: i64,
    /// What he is called.
    pub name: String,
    /// Where he is called.
    pub phone: String,
    /// What he is for his applicant.
    pub role: ApplicantRole,
    /// When he last set his password; nothing before he took up his invitation.
    pub password_at: Option<UnixMillis>,
    /// Until when he cannot log in after wrong tries.
    pub locked_until: Option<UnixMillis>,
    /// When he last logged in.
    pub last_login: Option<UnixMillis>,
    /// Until when an invitation can be taken up, if there is one.
    pub invited_until: Option<UnixMillis>,
    /// When he was closed for good.
    pub closed_at: Option<UnixMillis>,
}

impl std::fmt::Debug for ApplicantUserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApplicantUserRow({:?} of {}, …)", self.login, self.applicant)
    }
}

impl ApplicantUserRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        let time = |at: Option<UnixMillis>| at.map(UnixMillis::shanghai_text);
        let fields = vec![
            ("applicant", Some(self.applicant.to_string())),
            ("name", Some(self.name.clone())),
            ("role", Some(self.role.name().to_owned())),
            ("password_at", time(self.password_at)),
            ("invited_until", time(self.invited_until)),
            ("locked_until", time(self.locked_until)),
            ("closed_at", time(self.closed_at)),
        ];
        Fields::from(fields).with_masked("phone", &self.phone, Some(self.masked_phone()))
    }

    /// The telephone, but for its last four characters.
    pub(crate) fn masked_phone(&self) -> String {
        mask::phone(&self.phone)
    }

    /// Whether he can log in, apart from a lock.
    pub(crate) fn is_active(&self, now: UnixMillis) -> bool {
        self.closed_at.is_none() && self.password_at.is_some() && !self.is_idle(now)
    }

    /// Whether he has not logged in for so long that he may not any more, until he is invited anew.
    pub(crate) fn is_idle(&self, now: UnixMillis) -> bool {
        credentials::is_idle(self.last_login.max(self.password_at), now)
    }
}

/// The cell of a telephone.
pub(super) fn phone_cell(login: &str) -> Cell<'_> {
    Cell { table: "applicant_users", row: login, column: "phone" }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT login, applicant, name, phone, role, password_at, locked_until, last_login, invited_until, closed_at \
             FROM applicant_users ",
            $which
        )
    };
}

/// One of them.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    login: &Login,
) -> Result<Option<ApplicantUserRow>, StoreError> {
    const TEXT: &str = select!("WHERE login = $1");
    let rows = connection.fetch(Statement::new(TEXT).text(login.as_str())).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).transpose()
}

/// Those of an applicant, by login, closed ones among them.
pub(super) async fn of(
    connection: &mut Connection,
    sealer: &Sealer,
    applicant: i64,
) -> Result<Vec<ApplicantUserRow>, StoreError> {
    const TEXT: &str = select!("WHERE applicant = $1 ORDER BY login");
    let rows = connection.fetch(Statement::new(TEXT).number(applicant)).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).collect()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<ApplicantUserRow, StoreError> {
    let login = read_login(columns)?;
    Ok(ApplicantUserRow {
        login,
        applicant: columns.number()?,
        name: columns.text()?.to_owned(),
        phone: {
            let opened = sealer.open(phone_cell(login.as_str()), columns.bytes()?).ok();
            let phone = opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
            phone.ok_or(columns.impossible("电话无法打开"))?
        },
        role: ApplicantRole::of_word(columns.text()?).ok_or(columns.impossible("申请方人员的角色未知"))?,
        password_at: columns.optional_time()?,
        locked_until: columns.optional_time()?,
        last_login: columns.optional_time()?,
        invited_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
    })
}

/// Closes all persons of an applicant who are not closed; what they log in with is gone.
pub(super) fn close_all(applicant: i64, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE applicant_users SET closed_at = $2, changed_at = $2, password = NULL, totp = NULL, \
        invitation = NULL, invited_until = NULL WHERE applicant = $1 AND closed_at IS NULL";
    Statement::new(TEXT).number(applicant).number(at.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_is_neither_in_an_event_nor_in_debug() {
        let row = ApplicantUserRow {
            login: Login::new("zhao").expect("a login"),
            applicant: 1,
            name: "赵".to_owned(),
            phone: "13900001234".to_owned(),
            role: ApplicantRole::Admin,
            password_at: None,
            locked_until: None,
            last_login: None,
            invited_until: None,
            closed_at: None,
        };
        assert_eq!(row.masked_phone(), "*******1234");
        let shown = format!("{row:?} {:?}", row.fields());
        assert!(!shown.contains("13900001234"), "{shown}");
    }
}
