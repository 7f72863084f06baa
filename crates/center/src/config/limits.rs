//! What one process lets anybody hold.

use std::time::Duration;

use yanmi_http::ServerLimits;

/// What one process lets anybody hold. Every count has its unit in the table of settings.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Limits {
    /// Connections open at the same time, per listener.
    pub connections: usize,
    /// Of them, those of one source address.
    pub connections_per_source: usize,
    /// How long a connection may be without a proven request.
    pub unproven: Duration,
    /// What request bodies may take before they are opened, in KiB.
    pub unopened_kib: usize,
    /// To shake hands.
    pub handshake: Duration,
    /// For a request's head.
    pub header: Duration,
    /// For a request's body.
    pub body: Duration,
    /// Between two requests of a connection.
    pub keep_alive: Duration,
    /// For requests in progress when the process is told to stop.
    pub stop: Duration,
    /// Status queries held with `waitSeconds` at the same time.
    pub held_queries: usize,
    /// Commands waiting for the ledger.
    pub ledger_queue: usize,
    /// Commands decided in one transaction.
    pub ledger_batch: usize,
    /// Ledgers side by side, on a PostgreSQL database.
    pub ledgers: usize,
    /// Verifications held in memory.
    pub resident_verifications: usize,
    /// Requests an account may make per second, in the long run.
    pub requests_per_second: u32,
    /// Requests an account may make at once.
    pub burst: u32,
    /// Envelopes from one source address that could not be opened, per minute.
    pub failed_openings_per_minute: u32,
    /// Codes decoded for one source address, per minute.
    pub decodes_per_source_minute: u32,
    /// Of them, those for one institution.
    pub decodes_per_institution_minute: u32,
    /// Worker threads; 0 means as many as there are cores.
    pub workers: usize,
}

impl Limits {
    /// The part of it that a listener keeps.
    pub fn server(&self) -> ServerLimits {
        ServerLimits {
            connections: self.connections,
            connections_per_source: self.connections_per_source,
            unproven: self.unproven,
            handshake: self.handshake,
            header: self.header,
            keep_alive: self.keep_alive,
        }
    }
}
