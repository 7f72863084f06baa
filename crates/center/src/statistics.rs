//! Statistics: how many were asked, confirmed and refused, where and how quickly, counted from the audit.
//!
//! Nothing is counted while a request is answered. One task of a site reads what the audit has grown by, counts it with pure
//! functions, and adds it to two small tables: by institution and day, by city, channel and hour. What the tables say can be
//! counted again from the audit, and yesterday is, each night: what comes out otherwise is an alarm.

pub(crate) mod city_hour;
mod close;
mod count;
pub(crate) mod figure;
pub(crate) mod marks;
pub(crate) mod org_day;
pub(crate) mod query;
mod read;
mod roll;

pub(crate) use roll::{Roller, RollerParts, follow};
