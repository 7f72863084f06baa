//! What one center commits, and another learns of although its listener, or the one that tells, is cut.
//!
//! Another center that has a query held must look again after each change, whatever became of the connection by which it is
//! told. And whenever it looks, it must see what is stored.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::kind::{key, notify};
use super::world::World;
use crate::config::Database;
use crate::ledger::{Key, Ledger};
use crate::proxy::{Cut, Moment, Speaker, distinct_cuts_of};

/// Centers that listen side by side: most of the time each waits before it listens anew.
const LISTENERS: u8 = 10;
/// A query that is held longer was not woken.
const HELD: Duration = Duration::from_secs(10);

const LISTEN: &str = "LISTEN ";
const TELL: &str = "pg_notify";

/// How often the person was asked, as a status query sees it.
async fn seen(ledger: &Ledger, key: &Key) -> u32 {
    let known = ledger.peek(key, |live| Some(live.verification));
    let verification = match known {
        Some(known) => known,
        None => ledger.standing(*key).await.expect("read").verification,
    };
    verification.map_or(0, |verification| verification.notices)
}

/// A status query that is held until it sees so many notices. It has looked once, in vain, when this is over.
async fn held(ledger: &Ledger, key: Key, wanted: u32) -> JoinHandle<()> {
    let (looked, first) = oneshot::channel();
    let (ledger, mut looked) = (ledger.clone(), Some(looked));
    let held = tokio::spawn(async move {
        let watch = ledger.watch(key);
        loop {
            let changed = watch.changed();
            if seen(&ledger, &key).await == wanted {
                assert!(looked.is_none(), "nothing was committed yet");
                return;
            }
            looked.take().into_iter().for_each(|looked| looked.send(()).expect("waited for"));
            changed.await;
        }
    });
    first.await.expect("no panic");
    held
}

/// One center that listens, by a proxy, and another that asks one person again and again.
struct Lane {
    listener: World,
    asking: Ledger,
    who: u8,
    asked: u32,
}

impl Lane {
    /// The person was asked once before the other center begins, which might keep what it finds then.
    async fn new(of: &Database, asking: &World, who: u8) -> Self {
        asking.ledger.follow(notify("T", who)).await.expect("asked");
        let lane = Self { listener: World::on(of).await, asking: asking.ledger.clone(), who, asked: 1 };
        assert_eq!(seen(&lane.listener.ledger, &key("T", who)).await, 1);
        lane.listener.proxy.until_ready(LISTEN).await;
        lane
    }

    /// A change is committed after `cut`, and the query that the other holds sees it.
    async fn change(&mut self, what: &str, cut: impl AsyncFnOnce(&World)) {
        self.asked += 1;
        let held = held(&self.listener.ledger, key("T", self.who), self.asked).await;
        cut(&self.listener).await;
        self.asking.follow(notify("T", self.who)).await.expect("asked");
        let woken = tokio::time::timeout(HELD, held).await;
        woken.unwrap_or_else(|_| panic!("{what}: nobody was told")).expect("no panic");
        self.listener.proxy.until_ready(LISTEN).await;
    }

    /// What is said on the two connections that a listener makes: one that finds the server, and its own.
    async fn said(&mut self) -> [Vec<(Speaker, char)>; 2] {
        let proxy = &self.listener.proxy;
        let first = proxy.connections();
        self.change("ended", async |listener| {
            let proxy = &listener.proxy;
            proxy.end(proxy.newest_with(LISTEN));
            proxy.until_so_many(first + 2).await;
            proxy.until_ready(LISTEN).await;
        })
        .await;
        let proxy = &self.listener.proxy;
        let mut said = [proxy.said(first), proxy.said(first + 1)];
        // What it was told.
        assert_eq!(said[1].pop(), Some((Speaker::Server, 'A')));
        said
    }

    /// The listener is cut, and while it makes its connections anew it is cut again at one of them.
    async fn cut(&mut self, at: usize, cut: Cut) {
        let plan = (0..at).map(|_| None).chain([Some(cut)]);
        self.change(&format!("connection {at}, {cut:?}"), async |listener| {
            let (proxy, made) = (&listener.proxy, listener.proxy.made());
            proxy.cut_next(plan);
            proxy.end(proxy.newest_with(LISTEN));
            proxy.until_made(made + 1).await;
        })
        .await;
    }

    /// The listener is cut when it is told.
    async fn cut_when_told(&mut self, moment: Moment) {
        let made = self.listener.proxy.made();
        self.change(&format!("told, {moment:?}"), async |listener| {
            let cut = Cut { speaker: Speaker::Server, message: 1, moment };
            listener.proxy.look_at(listener.proxy.newest_with(LISTEN), Some(cut));
        })
        .await;
        self.listener.proxy.until_made(made + 1).await;
        self.listener.proxy.until_ready(LISTEN).await;
    }
}

/// A listener is cut at every message; how many cuts there were.
pub(super) async fn listeners(of: &Database) -> usize {
    let asking = World::on(of).await;
    let mut lanes = Vec::new();
    for who in 0..LISTENERS {
        lanes.push(Lane::new(of, &asking, who).await);
    }
    let said = lanes[0].said().await;
    let all = |at: usize| distinct_cuts_of(&said[at]).into_iter().map(move |cut| (at, cut));
    let cuts: Vec<(usize, Cut)> = all(0).chain(all(1)).collect();
    let count = cuts.len() + 2 * lanes.len();
    let mut tasks = Vec::new();
    for (lane, mut of) in lanes.into_iter().enumerate() {
        let share: Vec<_> = cuts.iter().skip(lane).step_by(usize::from(LISTENERS)).copied().collect();
        tasks.push(tokio::spawn(async move {
            for (at, cut) in share {
                of.cut(at, cut).await;
            }
            for moment in [Moment::Before, Moment::After] {
                of.cut_when_told(moment).await;
            }
            let Lane { listener, asking, .. } = of;
            drop(asking);
            listener.stop().await;
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    asking.stop().await;
    count
}

/// The one that tells is cut at every message; how many cuts there were.
pub(super) async fn teller(of: &Database) -> usize {
    let teller = World::on(of).await;
    let mut lane = Lane::new(of, &teller, 0).await;
    for _ in 0..2 {
        lane.change("uncut", async |_| {}).await;
        teller.proxy.until_ready(TELL).await;
        teller.proxy.look_at(teller.proxy.newest_with(TELL), None);
    }
    lane.change("uncut", async |_| {}).await;
    teller.proxy.until_ready(TELL).await;
    let cuts = distinct_cuts_of(&teller.proxy.said(teller.proxy.newest_with(TELL)));
    for cut in &cuts {
        let made = teller.proxy.made();
        teller.proxy.look_at(teller.proxy.newest_with(TELL), Some(*cut));
        lane.change(&format!("teller, {cut:?}"), async |_| {}).await;
        teller.proxy.until_made(made + 1).await;
        // It is there again for the next.
        lane.change("afterwards", async |_| {}).await;
        teller.proxy.until_ready(TELL).await;
    }
    let Lane { listener, asking, .. } = lane;
    drop(asking);
    listener.stop().await;
    teller.stop().await;
    cuts.len()
}
