//! The machines there would be: where each part listens, and the network of each database node.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::process::{find, run};

/// Database nodes.
pub(super) const NODES: u8 = 3;
/// The bridge all nodes are connected to.
const STREET: &str = "street";

/// Where everything is.
#[derive(Debug)]
pub(super) struct Ground {
    /// Why there are no namespaces.
    pub(super) no_network: Option<String>,
    /// One for each node; empty without namespaces.
    houses: Vec<House>,
    /// Ports that were given out, so that none is given out twice.
    given: Vec<u16>,
}

/// The network namespace of a node: that of a process which waits for its standard input to end.
#[derive(Debug)]
struct House {
    holder: Child,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

impl Ground {
    /// Connects the networks, unless there is a reason not to.
    pub(super) fn lay(no_network: Option<String>) -> Result<Self, String> {
        let mut ground = Self { no_network, houses: Vec::new(), given: Vec::new() };
        if ground.is_loopback() {
            return Ok(ground);
        }
        run("ip", &["link", "set", "lo", "up"])?;
        run("ip", &["link", "add", STREET, "type", "bridge"])?;
        run("ip", &["addr", "add", "10.40.0.11/24", "dev", STREET])?;
        run("ip", &["link", "set", STREET, "up"])?;
        for number in 1..=NODES {
            ground.houses.push(House::build(number)?);
        }
        Ok(ground)
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.no_network.is_some()
    }

    /// The address of a node.
    pub(super) fn node(&self, number: u8) -> Ipv4Addr {
        if self.is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(10, 40, 0, number) }
    }

    /// Where nodes find what is not theirs.
    pub(super) fn street(&self) -> Ipv4Addr {
        if self.is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(10, 40, 0, 11) }
    }

    /// The network all nodes are in.
    pub(super) fn network(&self) -> &'static str {
        if self.is_loopback() { "127.0.0.0/8" } else { "10.40.0.0/24" }
    }

    /// A port nobody uses. Nodes have the same ones free as everybody: they use fewer.
    pub(super) fn port(&mut self, address: Ipv4Addr) -> Result<SocketAddr, String> {
        loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
            let port = listener.local_addr().map_err(|error| error.to_string())?.port();
            if !self.given.contains(&port) {
                self.given.push(port);
                return Ok(SocketAddr::from((address, port)));
            }
        }
    }

    /// A command that runs where the node is, as the user whom PostgreSQL puts up with, and ends with this process.
    pub(super) fn in_node(&self, node: u8, program: &str) -> Result<Command, String> {
        let path = find(program).ok_or_else(|| format!("{program} is not there"))?;
        let mut command = match self.houses.get(usize::from(node) - 1) {
            Some(house) => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net=/proc/{}/ns/net", house.holder.id())).arg("setpriv");
                command
            }
            None => Command::new("setpriv"),
        };
        command.args(["--pdeathsig", "KILL"]);
        if let Some((user, group)) = database_user()? {
            command.args(["--reuid", &user, "--regid", &group, "--clear-groups"]);
        }
        command.arg(path);
        Ok(command)
    }
}

impl House {
    fn build(number: u8) -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo there; read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        let said = holder.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let house = Self { holder };
        if said.is_none_or(|said| said.is_err()) || line != "there\n" {
            return Err("a network namespace could not be made".to_owned());
        }
        let (outer, holder) = (format!("v{number}"), house.holder.id().to_string());
        run("ip", &["link", "add", &outer, "type", "veth", "peer", "name", "eth0", "netns", &holder])?;
        run("ip", &["link", "set", &outer, "master", STREET])?;
        run("ip", &["link", "set", &outer, "up"])?;
        let network = format!("--net=/proc/{holder}/ns/net");
        let address = format!("10.40.0.{number}/24");
        run("nsenter", &[&network, "ip", "link", "set", "lo", "up"])?;
        run("nsenter", &[&network, "ip", "addr", "add", &address, "dev", "eth0"])?;
        run("nsenter", &[&network, "ip", "link", "set", "eth0", "up"])?;
        Ok(house)
    }
}

/// Cuts a node off: nothing is refused any more, nothing arrives any more.
pub(super) fn cut(node: u8) -> Result<(), String> {
    run("ip", &["link", "set", &format!("v{node}"), "down"]).map(|_| ())
}

/// Connects it again.
pub(super) fn mend(node: u8) -> Result<(), String> {
    run("ip", &["link", "set", &format!("v{node}"), "up"]).map(|_| ())
}

/// A command that runs beside the nodes and ends with this process.
pub(super) fn beside(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// PostgreSQL refuses to run as root: then as whom, by number.
pub(super) fn database_user() -> Result<Option<(String, String)>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let user = if run("id", &["-u", "postgres"]).is_ok() { "postgres" } else { "nobody" };
    let number = |which: &str| run("id", &[which, user]).map(|number| number.trim().to_owned());
    Ok(Some((number("-u")?, number("-g")?)))
}
