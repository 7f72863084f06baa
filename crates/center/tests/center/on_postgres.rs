//! The whole center on PostgreSQL: everything that holds on the embedded database, and what holds between several
//! centers.

mod alarm_target;
mod alarms;
mod applications;
mod calls;
mod channel_guide;
mod cluster;
mod console;
mod copy;
mod crowd;
mod delivery;
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
mod outage;
mod party;
mod password;
mod plan;
mod plans;
mod proxied;
#[expect(dead_code, reason = "what cuts at every message needs more of it")]
mod proxy;
mod refused;
mod register;
mod registry;
mod retention;
mod rolling;
mod schema;
mod server;
mod settings;
mod site;
mod standby;
mod starved;
mod statistics;
mod tls;
mod tls_to_server;
mod wire;
mod word;

/// Where the sites of these tests keep their state.
async fn database(_: &std::path::Path) -> yanmi_center::config::Database {
    server::database().await
}

/// Where they keep their files.
async fn files(config: &yanmi_center::config::Config, _: &std::path::Path) -> std::path::PathBuf {
    server::files(&config.database).await
}
