//! The whole center in one value, with every other party real enough to be talked to over HTTP.

mod alarm_target;
mod alarms;
mod applications;
mod calls;
mod channel_guide;
mod console;
mod crowd;
mod delivery;
mod doors;
mod entries;
mod events;
mod extensions;
mod guarding;
mod handoff;
mod history;
mod imports;
mod insured;
mod journey;
mod lives;
mod logs;
mod macs;
mod nonsense;
mod operations;
mod order;
mod party;
mod password;
mod plan;
mod reference;
mod register;
mod registry;
mod retention;
mod screens;
mod settings;
mod site;
mod statistics;
mod store;
mod tls;
mod wire;
mod word;

/// Where the sites of these tests keep their state.
#[expect(clippy::unused_async, reason = "the other database is made by asking a server")]
async fn database(folder: &std::path::Path) -> yanmi_center::config::Database {
    yanmi_center::config::Database::Sqlite(folder.join("yanmi.sqlite"))
}

/// Where they keep their files.
#[expect(clippy::unused_async, reason = "the other database is asked where they are")]
async fn files(_: &yanmi_center::config::Config, folder: &std::path::Path) -> std::path::PathBuf {
    folder.to_owned()
}
