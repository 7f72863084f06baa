//! A center on doors of somebody's own: connections that are no sockets come in, names are resolved and connections made
//! by what it was started on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use yanmi_center::Center;
use yanmi_center::ports::{Clock, Disk, Entropy, Network, Ports};
use yanmi_http::{Accept, Accepting, Bound, Socket};
use yanmi_protocol::message::decode;

use crate::site::{HOSPITAL, Site};
use crate::wire::Wire;

/// An end at which streams in memory arrive.
struct InMemory {
    address: SocketAddr,
    arriving: mpsc::Receiver<DuplexStream>,
}

impl Accept for InMemory {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async {
            let stream = self.arriving.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
            Ok((Socket::Given(Box::new(stream)), SocketAddr::from(([10, 0, 0, 7], 4_000))))
        })
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}

#[tokio::test]
async fn a_center_stands_on_the_doors_it_is_given() {
    let site = Site::start().await;
    let qr_code = site.shown_code(site.channel()).await;
    let stopped = site.stop().await;
    let mut config = stopped.config.clone();
    // A name that only this test resolves.
    let url = config.national.url.clone();
    let (port, path) = (url.port_u16().expect("a port"), url.path().to_owned());
    config.national.url = format!("http://national.test:{port}{path}").parse().expect("a URL");
    for listen in [&mut config.listen.institution, &mut config.listen.channel, &mut config.listen.operations]
    {
        listen.address = Some(SocketAddr::from(([127, 0, 0, 1], 9)));
    }
    let (arrive, arriving) = mpsc::channel(1);
    let arriving = Arc::new(std::sync::Mutex::new(Some(arriving)));
    let dialed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dialed);
    let network = Network::system()
        .resolving(move |host, asked| async move {
            assert_eq!((host.as_str(), asked), ("national.test", port));
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
        })
        .dialing(move |address| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { TcpStream::connect(address).await.map(Socket::Tcp) }
        })
        .binding(move |address| {
            // The institutions' listener is the first; nobody comes to the others.
            let arriving = arriving.lock().expect("not poisoned").take();
            let arriving = arriving.unwrap_or_else(|| mpsc::channel(1).1);
            async move { Ok(Bound::Given(Box::new(InMemory { address, arriving }))) }
        });
    let hands = stopped.hands.clone();
    let clock = Clock::new(move || hands.now());
    let ports =
        Ports { callers: clock.clone(), clock, entropy: Entropy::seeded(2), network, disk: Disk::system() };
    let center = Center::start(config, ports).await.expect("a center");
    assert_eq!(center.institution_addr(), Some(SocketAddr::from(([127, 0, 0, 1], 9))));
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    arrive.send(theirs).await.expect("it is listened to");
    let mut wire = Wire::over(ours);
    let answer = wire.post(decode::PATH, decode::Request::write(HOSPITAL, "01101", &qr_code)).await;
    assert_eq!(answer.code(), 0, "{answer:?}");
    assert_eq!(dialed.load(Ordering::SeqCst), 1);
    center.stop().await;
}
