//! HAProxy before the centers.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::center::Center;
use super::ground::beside;
use super::process::{LOOK, Process, find};
use super::template;

/// How long it may take until it listens.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) institution: SocketAddr,
    channel: SocketAddr,
    config: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl Proxy {
    /// Writes its configuration; it does not run yet.
    pub(super) fn prepare(
        folder: &Path,
        [institution, channel]: [SocketAddr; 2],
        centers: &[Center],
    ) -> Result<Self, String> {
        let mut replacements = vec![
            ("10.20.0.10:8350".to_owned(), institution.to_string()),
            ("172.16.8.10:8351".to_owned(), channel.to_string()),
            // As many files as any user may open.
            ("maxconn 40000".to_owned(), "maxconn 400".to_owned()),
            ("maxconn 20000".to_owned(), "maxconn 300".to_owned()),
            // The centers here have no certificates.
            (" check-ssl verify none".to_owned(), String::new()),
        ];
        for (place, center) in (5_u8..).zip(centers) {
            // A space behind it: no address is the beginning of another.
            replacements.push((format!("10.20.0.{place}:8350 "), format!("{} ", center.institution)));
            replacements.push((format!("172.16.8.{place}:8351 "), format!("{} ", center.channel)));
            let (ip, port) = (center.operations.ip(), center.operations.port());
            replacements.push((format!("addr 10.20.0.{place} port 8352"), format!("addr {ip} port {port}")));
        }
        let borrowed: Vec<(&str, &str)> =
            replacements.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let config = folder.join("haproxy.cfg");
        let text = template::fill("haproxy.cfg", &borrowed)?;
        fs::write(&config, text).map_err(|error| error.to_string())?;
        Ok(Self { institution, channel, config, log: folder.join("haproxy.log"), process: None })
    }

    /// Starts it and waits until it listens.
    pub(super) async fn start(&mut self) -> Result<(), String> {
        let program = find("haproxy").ok_or("haproxy is not there")?;
        let mut command = beside(&program);
        command.arg("-db").arg("-f").arg(&self.config);
        let mut process = Process::start("haproxy", command, &self.log)?;
        let until = Instant::now() + LISTENS_WITHIN;
        for address in [self.institution, self.channel] {
            while TcpStream::connect(address).await.is_err() {
                process.check()?;
                if Instant::now() > until {
                    return Err(format!("haproxy does not listen on {address} after {LISTENS_WITHIN:?}"));
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        self.process = Some(process);
        Ok(())
    }

    /// SIGKILL, and another one.
    pub(super) async fn restart(&mut self) -> Result<(), String> {
        self.process = None;
        self.start().await
    }
}
