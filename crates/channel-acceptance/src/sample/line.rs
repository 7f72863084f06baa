//! The app's way to the center: the transport of `yanmi-channel` over that of the suite.

use std::time::Duration;

use yanmi_channel::{ReadError, Reply};

use crate::transport::{Direct, Transport};

/// A line to the center.
#[derive(Clone)]
pub(super) struct Line;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum LineError {
    /// None came.
    Silent,
    /// One came that cannot be trusted.
    Read(ReadError),
}

impl From<ReadError> for LineError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl yanmi_channel::Transport for Line {
    type Error = LineError;

    async fn round_trip(&self, url: &str, body: String, deadline: Duration) -> Result<Reply, LineError> {
        let received = Direct::to_any().post(url, body.into(), deadline).await;
        let received = received.map_err(|_| LineError::Silent)?;
        Ok(Reply { status: received.status, body: received.body.into() })
    }
}
