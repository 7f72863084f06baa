//! `stat_org_day`: what happened at an institution in a day.

use crate::store::connection::Kind::{Number, Text};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "stat_org_day (day, org_code, asked, reminded, delivered, undelivered, password, face, app, cancelled, not_me, \
            failed, locked, free, confirmed_fen, free_fen, within_5, within_10, within_20, within_30, within_60, \
            within_120, within_300, later)",
    &[
        Number, Text, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number,
        Number, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number,
    ],
    2,
);
