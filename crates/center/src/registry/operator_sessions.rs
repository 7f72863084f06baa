//! `operator_sessions`: which operators are logged in.

use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operator_sessions (login, session, started_at, seen_at, strong_at, address)",
    &[Text, Bytes, Number, Number, Number, Text],
    1,
);
