//! A link asked of an agent that runs already, by whoever may read its configuration.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::config::AgentConfig;

/// How long the agent may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no link. `Display` is Chinese.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkError(String);

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LinkError {}

/// Asks the agent of this configuration for a link that opens the clerk's page once.
///
/// # Errors
/// [`LinkError`] when the token cannot be read or no agent of that token answers.
pub fn link_of_a_running_agent(config: &AgentConfig) -> Result<String, LinkError> {
    let file = config.token_file.display();
    let token = fs::read_to_string(&config.token_file).map(Zeroizing::new);
    let token = token.map_err(|error| LinkError(format!("令牌文件 {file} 无法读取：{error}")))?;
    let address = reachable(config.listen);
    let failed = |why: String| LinkError(format!("代理 http://{address} 没有给出链接：{why}"));
    let settings = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).proxy(None);
    let bearer = Zeroizing::new(format!("Bearer {}", token.trim()));
    let asked = ureq::Agent::new_with_config(settings.build())
        .post(format!("http://{address}/links"))
        .header("authorization", bearer.as_str())
        .send_empty();
    let text = asked.and_then(|mut answer| answer.body_mut().read_to_string());
    let text = text.map_err(|error| failed(error.to_string()))?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    answer["url"].as_str().map(str::to_owned).ok_or_else(|| failed("应答不是代理的".to_owned()))
}

/// Where a listener of all addresses is reached from this machine.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(ip, listener.port())
}
