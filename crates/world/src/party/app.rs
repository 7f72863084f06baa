//! A channel app: it takes notices, shows them to its users, and tells the center what they did.

use std::net::SocketAddr;
use std::sync::Arc;

use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Kind, Notice};
use yanmi_protocol::{Code, EcIndexNo};

use super::phone;
use super::server::{Reply, ReplyFuture, serve};
use crate::fault::AppMood;
use crate::network::Host;
use crate::oracle::Prompt;
use crate::trace::Party;
use crate::wire::Message;
use crate::world::World;

/// How long the app takes to take a notice, in milliseconds.
const TAKES_MILLIS: (u64, u64) = (1, 30);
/// The same when it is slow.
const SLOW_MILLIS: (u64, u64) = (800, 5_500);

/// Where an app takes notices.
pub(crate) fn address(app: u16) -> SocketAddr {
    SocketAddr::new(Host::App(app).address(), 80)
}

/// Begins to serve.
pub(crate) fn start(world: &Arc<World>, app: u16) {
    let asked = Arc::clone(world);
    serve(&world.network, Host::App(app), address(app), move |request| -> ReplyFuture {
        let world = Arc::clone(&asked);
        Box::pin(async move { take(&world, app, &request).await })
    });
}

async fn take(world: &Arc<World>, app: u16, request: &Message) -> Reply {
    let mood = world.moods().apps[usize::from(app)];
    let span = world
        .draw("app", |chance| chance.millis(if mood == AppMood::Slow { SLOW_MILLIS } else { TAKES_MILLIS }));
    tokio::time::sleep(span).await;
    let it = world.cast.app(app);
    let Ok(envelope) = RequestEnvelope::parse(&request.body, world.cast.region) else {
        return Reply::Answer(400, String::new());
    };
    let Ok(plain) = envelope.sealed.open(&it.key) else { return Reply::Answer(400, String::new()) };
    let proven = envelope.mac.is_none() || envelope.is_proven(request.path(), &it.key);
    let notice = plain.members().ok().and_then(|members| Notice::read(&members).ok()).filter(|_| proven);
    let Some(notice) = notice else { return Reply::Answer(400, String::new()) };
    let mac = envelope.mac.as_deref();
    match mood {
        AppMood::Broken => return Reply::Answer(500, "oops".to_owned()),
        AppMood::Refusing => {
            let refused = envelope::refusal_for(&it.key, mac, Code::NoticeFailed, "渠道停用");
            return Reply::Answer(200, refused);
        }
        AppMood::Nonsense => return Reply::Answer(200, "<html>".to_owned()),
        AppMood::Fine | AppMood::Slow | AppMood::Silent | AppMood::Hangup => {}
    }
    keep(world, app, &notice);
    match mood {
        AppMood::Silent => return Reply::Silence,
        AppMood::Hangup => return Reply::Hangup,
        _ => {}
    }
    let taken = channel_notice::received_json().as_bytes();
    Reply::Answer(200, envelope::success_for(&it.key, mac, taken))
}

/// Puts a notice on the person's phone, or takes it away.
fn keep(world: &Arc<World>, app: u16, notice: &Notice) {
    let Some(holder) = world.cast.holder(&notice.token) else {
        world.oracle().found(format!("app {app} got a notice for a token nobody has"));
        return;
    };
    let visit = world.visit_of(&notice.token);
    let number = notice.number.number();
    let what = match notice.kind {
        Kind::Notice => format!("notice {number}.{}", notice.sequence),
        Kind::Withdrawal => format!("withdrawal {number}.{}", notice.sequence),
    };
    world.trace(Party::Center, Party::App(app), visit, what);
    if holder.app != app || world.cast.person(holder.person).index != notice.index.unwrap_or_else(no_index) {
        world.oracle().found(format!("app {app} got a notice for somebody else: {notice:?}"));
    }
    match notice.kind {
        Kind::Withdrawal => world.oracle().withdrawn(notice.number),
        Kind::Notice => {
            let prompt =
                Prompt::of(notice, holder, world.clock.elapsed(), world.center_clock.off_by_millis());
            if world.oracle().shown(&prompt) {
                phone::notified(world, holder, notice.number, notice.token);
            }
        }
    }
}

/// An index that is nobody's.
fn no_index() -> EcIndexNo {
    EcIndexNo::new(&"0".repeat(32)).expect("an index")
}
