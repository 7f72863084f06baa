//! How operators prove who they are: a password that is stored as what it hashes to, and a code of their phone.
//!
//! Nothing here knows of requests, sessions or tables: it says what fits, and how long a guess takes.

#![cfg_attr(not(test), expect(dead_code, reason = "the operators' login comes next"))]

mod password;
mod totp;
