//! Waiting for a server's answer, but not for ever.

use std::time::Duration;

use super::StoreError;

/// How long a server may take to answer one statement. A server that is cut off says nothing at all, and a connection
/// that is waited for without end is a ledger that stands still. Nothing is cancelled on the server: a commit that is
/// cancelled while it waits for its standby reports success without having reached it.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What a server answers, or that it did not.
pub(super) async fn answer<T>(trip: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER_WITHIN, trip).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()),
    }
}
