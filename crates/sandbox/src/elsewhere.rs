//! `--channel-url ID=URL`: a channel app of somebody else takes the place of a simulated one.

use std::net::{IpAddr, ToSocketAddrs};

use yanmi_simulator::World;

use crate::sandbox_error::SandboxError;

/// One of them.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    channel: String,
    /// Where; nothing to give the channel back to the simulator.
    url: Option<http::Uri>,
}

/// What stands for the simulator.
const SIMULATOR: &str = "simulator";

impl std::str::FromStr for Elsewhere {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (channel, url) = text.split_once('=').ok_or("应写作 渠道编码=通知地址")?;
        if url == SIMULATOR {
            return Ok(Self { channel: channel.to_owned(), url: None });
        }
        let url: http::Uri = url.parse().map_err(|_| "通知地址应为 http:// 或 https:// 开头的完整地址")?;
        let whole = matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some();
        if !whole {
            return Err("通知地址应为 http:// 或 https:// 开头的完整地址".to_owned());
        }
        Ok(Self { channel: channel.to_owned(), url: Some(url) })
    }
}

/// Has these channels listen where they say, from now on; tells which addresses all channels take beside this machine's
/// own.
///
/// # Errors
/// When there is no such channel, or a host is not found.
pub fn place(world: &mut World, wanted: &[Elsewhere]) -> Result<Vec<IpAddr>, SandboxError> {
    let simulator = world.simulator_url.clone();
    for one in wanted {
        let known: Vec<_> = world.channels.iter().map(|c| c.chnl_id.as_str().to_owned()).collect();
        let mut channels = world.channels.iter_mut();
        let channel = channels.find(|channel| channel.chnl_id.as_str() == one.channel).ok_or_else(|| {
            let known = known.join("、");
            SandboxError::new(format!("--channel-url：没有渠道 {}，有 {known}", one.channel))
        })?;
        channel.notice_url = match &one.url {
            Some(url) => url.to_string(),
            None => format!("{simulator}/channels/{}/notice", one.channel),
        };
    }
    let mut addresses = Vec::new();
    for url in world.all_channels().filter_map(|channel| channel.notice_url.parse().ok()) {
        addresses.extend(resolve(&url)?);
    }
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn resolve(url: &http::Uri) -> Result<Vec<IpAddr>, SandboxError> {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    // The port is only there to be asked with.
    let found = (host, url.port_u16().unwrap_or(80)).to_socket_addrs();
    let found = found.map_err(|error| {
        SandboxError::because(&format!("渠道通知地址（--channel-url）的主机 {host} 找不到"), &error)
    })?;
    Ok(found.map(|address| address.ip()).filter(|ip| !ip.is_loopback()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_channel_and_address_is_named() {
        for (text, good) in [
            ("C0DE=http://127.0.0.1:9/n", true),
            ("C0DE=https://bank.example/notice?x=1", true),
            ("C0DE=simulator", true),
            ("C0DE", false),
            ("C0DE=bank.example", false),
            ("C0DE=ftp://bank.example/", false),
            ("C0DE=/notice", false),
        ] {
            assert_eq!(text.parse::<Elsewhere>().is_ok(), good, "{text}");
        }
    }
}
