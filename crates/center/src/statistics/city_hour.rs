//! `stat_city_hour`: what happened in a city through a channel in an hour.

use crate::store::connection::Kind::{Number, Text};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "stat_city_hour (hour, city, channel, asked, reminded, delivered, undelivered, password, face, app, cancelled, \
            not_me, failed, locked, free, confirmed_fen, free_fen, within_5, within_10, within_20, within_30, \
            within_60, within_120, within_300, later)",
    &[
        Number, Text, Text, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number,
        Number, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number, Number,
    ],
    3,
);
