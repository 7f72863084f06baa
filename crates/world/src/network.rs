//! The network of the world: who listens where, and how bytes get there.
//!
//! What goes over it are streams of bytes, as over TCP: they arrive late, in pieces, or not at all, but in order and once.
//! What a network of proxies and clients does to whole requests (repeating them, overtaking one another) comes of several
//! connections and of clients that ask again. Below the streams everything of a center is its own: its HTTP, its pools, its
//! timeouts.

mod end;
mod pipe;
mod way;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use yanmi_http::{Accept, Accepting, Bound, Socket};

pub(crate) use end::End;
use pipe::Pipe;
pub(crate) use way::Weather;
use way::{LineWeather, Way};

use crate::chance::Chance;

/// Connections that wait to be accepted at one address.
const WAITING: usize = 1_024;
/// After how long a connection attempt that nobody answers is given up by the system.
const CONNECT_WITHIN: Duration = Duration::from_secs(127);
/// Pipes of a host that are remembered before those that ended are forgotten.
const REMEMBERED: usize = 512;

/// A place in the network. A center that starts again is another one: its connections are not those of the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Host {
    /// A life of a center.
    Center(u16),
    /// The system of an account.
    Institution(u16),
    /// A channel app's server.
    App(u16),
    /// The national center.
    National,
}

/// Between what kinds of places a way leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Line {
    /// Institutions and the center.
    Institutions,
    /// A channel app and the center.
    App(u16),
    /// The center and the national center.
    National,
}

impl Line {
    fn between(one: Host, other: Host) -> Self {
        match (one, other) {
            (Host::App(app), _) | (_, Host::App(app)) => Self::App(app),
            (Host::National, _) | (_, Host::National) => Self::National,
            _ => Self::Institutions,
        }
    }
}

impl Host {
    pub(crate) const fn address(self) -> IpAddr {
        let (kind, number) = match self {
            Self::Center(_) => (1, 1),
            Self::National => (2, 1),
            Self::App(number) => (3, number),
            Self::Institution(number) => (4, number),
        };
        let [high, low] = number.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(10, kind, high, low))
    }
}

type Arrivals = mpsc::Sender<(End, SocketAddr)>;

#[derive(Debug)]
struct NetworkState {
    chance: Chance,
    connections: u64,
    listening: BTreeMap<SocketAddr, (Host, Arrivals)>,
    weather: BTreeMap<Line, LineWeather>,
    pipes: BTreeMap<Host, Vec<Pipe>>,
    gone: Vec<Host>,
}

/// The network. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct WorldNetwork(Arc<Mutex<NetworkState>>);

impl WorldNetwork {
    pub(crate) fn new(chance: Chance) -> Self {
        Self(Arc::new(Mutex::new(NetworkState {
            chance,
            connections: 0,
            listening: BTreeMap::new(),
            weather: BTreeMap::new(),
            pipes: BTreeMap::new(),
            gone: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, NetworkState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a line behaves from now on. What breaks or falls silent is decided when a connection is made; where nothing passes any more,
    /// those that are open are dead.
    pub(crate) fn set_weather(&self, line: Line, weather: Weather) {
        let mut state = self.lock();
        state.weather.entry(line).or_insert_with(LineWeather::calm).set(weather);
        if weather.down {
            let hosts = state.pipes.iter().filter(|(host, _)| touches(line, **host));
            hosts.flat_map(|(_, pipes)| pipes).for_each(Pipe::silence);
        }
    }

    /// Listens at an address.
    pub(crate) fn listen(&self, host: Host, address: SocketAddr) -> Arrival {
        let (arrivals, arriving) = mpsc::channel(WAITING);
        self.lock().listening.insert(address, (host, arrivals));
        Arrival { address, arriving }
    }

    /// Everything of a host ends at once: nobody is listened to, and every connection is reset.
    pub(crate) fn kill(&self, host: Host) {
        let mut state = self.lock();
        state.listening.retain(|_, (listening, _)| *listening != host);
        state.gone.push(host);
        if let Some(pipes) = state.pipes.remove(&host) {
            pipes.iter().for_each(Pipe::cut);
        }
    }

    /// Connects from a host to an address.
    pub(crate) async fn dial(&self, from: Host, to: SocketAddr) -> io::Result<End> {
        let (dialed, delay) = self.begin(from, to);
        let never = match dialed {
            Ok((end, theirs, arrivals, source)) => {
                tokio::time::sleep(delay).await;
                return match arrivals.try_send((theirs, source)) {
                    Ok(()) => Ok(end),
                    Err(_) => Err(io::ErrorKind::ConnectionRefused.into()),
                };
            }
            Err(error) => error,
        };
        tokio::time::sleep(delay).await;
        Err(never.into())
    }

    /// What becomes of an attempt to connect, and after how long.
    fn begin(&self, from: Host, to: SocketAddr) -> (Result<NewConnection, io::ErrorKind>, Duration) {
        let mut state = self.lock();
        if state.gone.contains(&from) {
            return (Err(io::ErrorKind::NetworkDown), Duration::ZERO);
        }
        state.connections += 1;
        let number = state.connections;
        let mut chance = state.chance.fork("connection", number);
        let Some((host, arrivals)) = state.listening.get(&to).cloned() else {
            return (Err(io::ErrorKind::ConnectionRefused), chance.millis(Weather::CALM.delay_millis));
        };
        let line = Line::between(from, host);
        let of_line = state.weather.entry(line).or_insert_with(LineWeather::calm).clone();
        let weather = of_line.now();
        if weather.down {
            return (Err(io::ErrorKind::TimedOut), CONNECT_WITHIN);
        }
        let delay = chance.millis(weather.delay_millis);
        if chance.permille(weather.refused_permille) {
            return (Err(io::ErrorKind::ConnectionRefused), delay);
        }
        let silent = chance.permille(weather.silent_permille).then(|| chance.place(2));
        let (end, theirs, pipes) = end::connect(&Arc::new(Way::new(chance, of_line)));
        if let Some(direction) = silent {
            pipes[direction].silence();
        }
        for host in [from, host] {
            let known = state.pipes.entry(host).or_default();
            if known.len() >= REMEMBERED {
                known.retain(Pipe::is_used);
            }
            known.extend(pipes.iter().cloned());
        }
        let port = 1_024 + u16::try_from(number % 60_000).unwrap_or(0);
        (Ok((end, theirs, arrivals, SocketAddr::new(from.address(), port))), delay)
    }
}

type NewConnection = (End, End, Arrivals, SocketAddr);

fn touches(line: Line, host: Host) -> bool {
    match (line, host) {
        (Line::App(app), Host::App(other)) => app == other,
        (Line::National, Host::National) | (Line::Institutions, Host::Institution(_)) => true,
        _ => false,
    }
}

/// Where connections arrive.
#[derive(Debug)]
pub(crate) struct Arrival {
    address: SocketAddr,
    arriving: mpsc::Receiver<(End, SocketAddr)>,
}

impl Arrival {
    /// The next connection; nothing when nobody can come any more.
    pub(crate) async fn next(&mut self) -> Option<(End, SocketAddr)> {
        self.arriving.recv().await
    }

    /// The same for a listener of a center.
    pub(crate) fn bound(self) -> Bound {
        Bound::Given(Box::new(self))
    }
}

impl Accept for Arrival {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async {
            match self.arriving.recv().await {
                Some((end, source)) => Ok((Socket::Given(Box::new(end)), source)),
                // Its host is gone; nothing is to be accepted any more, and nobody is to ask again and again.
                None => std::future::pending().await,
            }
        })
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}
