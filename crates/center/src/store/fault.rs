//! What a failure of a database means: whether to try again.

use super::error::StoreError;

/// What kind of failure it is; the `cause` of the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The connection or the server is gone, or is no longer one that takes changes. A new connection may help.
    Lost,
    /// Two transactions got into each other's way; this one was chosen to be repeated.
    Conflict,
    /// Nothing that trying again would change.
    Final,
}

impl Fault {
    /// What kind of failure this is.
    pub(crate) fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Statement(error) => Self::of_statement(error),
            StoreError::Servers(_) => Self::Lost,
            StoreError::LockTimeout => Self::Conflict,
            _ => Self::Final,
        }
    }

    fn of_statement(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::Lost,
            sqlx::Error::Database(error) => match error.code().as_deref().unwrap_or_default() {
                // Serialization failure, deadlock, a lock that was waited for too long.
                "40001" | "40P01" | "55P03" => Self::Conflict,
                // The server has become a standby, has no connection left, shuts down, crashed, starts up, or ended
                // a session that was idle for too long.
                "25006" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Self::Lost,
                code if code.starts_with("08") => Self::Lost,
                _ => Self::Final,
            },
            _ => Self::Final,
        }
    }

    /// The word in the metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Conflict => "conflict",
            Self::Final => "final",
        }
    }
}
