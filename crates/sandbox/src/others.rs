//! Whether another sandbox plays on the same database already.

use std::time::Duration;

use tokio::net::TcpStream;
use yanmi_center::registry::AdministrationError;
use yanmi_protocol::ChannelId;

use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// A simulator on this machine answers sooner.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// The address of the simulator that runs already, if one does: it is where this channel is registered.
///
/// # Errors
/// When the database fails.
pub async fn simulator(
    registrar: &Registrar,
    channel: Option<ChannelId>,
) -> Result<Option<String>, SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("无法读取数据库中的登记", &error);
    let mut administration = registrar.open().await.map_err(failed)?;
    let channels = administration.channels().await.map_err(failed)?;
    administration.close().await.map_err(failed)?;
    let registered = channels.iter().find(|registered| Some(registered.id) == channel);
    if let Some(authority) = registered.and_then(|registered| registered.notice_url.authority()) {
        let connecting = tokio::time::timeout(ANSWERS_WITHIN, TcpStream::connect(authority.as_str()));
        if matches!(connecting.await, Ok(Ok(_))) {
            return Ok(Some(format!("http://{authority}")));
        }
    }
    Ok(None)
}
