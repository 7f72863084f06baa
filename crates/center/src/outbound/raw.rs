//! What is sent and never answered: messages for a syslog server.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::{CallError, Outbound};

impl Outbound {
    /// Sends one datagram, within `deadline`. Whether it arrives nobody can say.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn send_datagram(
        &self,
        (host, port): (&str, u16),
        bytes: &[u8],
        deadline: Duration,
    ) -> Result<(), CallError> {
        let send = async {
            let addresses = self.0.connector.addresses(host, port).await?;
            let first = addresses.first().copied().ok_or(CallError::NameNotFound)?;
            let sent = self.0.connector.network().send_datagram(first, bytes.to_vec()).await;
            sent.map_err(|_| CallError::Connect)
        };
        tokio::time::timeout(deadline, send).await.unwrap_or(Err(CallError::TimedOut))
    }

    /// Sends bytes over a connection of their own and ends it, within `deadline`. That they were taken is all that is known.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn send_stream(
        &self,
        (host, port): (&str, u16),
        bytes: &[u8],
        deadline: Duration,
    ) -> Result<(), CallError> {
        let send = async {
            let addresses = self.0.connector.addresses(host, port).await?;
            let mut stream = self.0.connector.first_to_accept(&addresses).await?;
            stream.write_all(bytes).await.map_err(|_| CallError::BrokenConnection)?;
            stream.shutdown().await.map_err(|_| CallError::BrokenConnection)
        };
        tokio::time::timeout(deadline, send).await.unwrap_or(Err(CallError::TimedOut))
    }
}
