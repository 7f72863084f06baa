//! `applicant_sessions`: which persons of applicants are logged in.

use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::Statement;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "applicant_sessions (login, session, started_at, seen_at, strong_at, address)",
    &[Text, Bytes, Number, Number, Number, Text],
    1,
);

/// Ends the sessions of all persons of an applicant.
pub(super) fn end_all(applicant: i64) -> Statement {
    const TEXT: &str = "DELETE FROM applicant_sessions WHERE login IN \
        (SELECT login FROM applicant_users WHERE applicant = $1)";
    Statement::new(TEXT).number(applicant)
}
