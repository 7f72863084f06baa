//! What channel apps ask the center.

use std::time::Duration;

use yanmi_protocol::envelope::{Answer, PlainText, Sender};

use crate::cast;
use crate::wire::Caller;
use crate::world::World;

/// How long an app waits for the center.
const PATIENCE: Duration = Duration::from_secs(8);

/// What an app's question to the center comes back with: the code, and the opened message of a success.
pub(crate) struct AppAnswer {
    pub(crate) code: i64,
    pub(crate) plain: Option<PlainText>,
}

/// Asks the center as an app; nothing without an answer.
pub(crate) async fn ask(world: &World, app: u16, path: &str, plain: &str) -> Option<AppAnswer> {
    let it: &cast::App = world.cast.app(app);
    let sender = Sender { key: &it.key, org_id: it.id.as_str(), prefix: "app", region: world.cast.region };
    let (body, mac) = if it.proves {
        let request = sender.proven_request(path, world.clock.now(), plain.as_bytes());
        (request.body, Some(request.mac))
    } else {
        (sender.request(world.clock.now(), plain.as_bytes()), None)
    };
    let caller: &Caller = &world.callers.apps[usize::from(app)];
    let answer = caller.post(path, &body, PATIENCE).await?;
    if answer.status() != Some(200) {
        return None;
    }
    let answer = Answer::parse(&answer.body).ok()?;
    // An answer without the right mac is none: it may be anybody's.
    if let Some(mac) = &mac
        && answer.code == 0
        && !answer.is_proven(&it.key, mac)
    {
        world.oracle().found(format!("an answer to app {app} is not proven"));
        return None;
    }
    Some(AppAnswer { code: answer.code, plain: answer.open(&it.key).ok() })
}
