//! What parties ask the center, and what comes back.

use std::time::Duration;

use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Answer, PlainText, Sender};

use crate::wire::Message;
use crate::world::World;

/// How long an app waits for the center.
const PATIENCE: Duration = Duration::from_secs(8);

/// What a question to the center comes back with: the code, and the opened message of a success.
pub(crate) struct CenterAnswer {
    pub(crate) code: i64,
    pub(crate) plain: Option<PlainText>,
}

/// Asks the center as an app; nothing without an answer.
pub(crate) async fn ask(world: &World, app: u16, path: &str, plain: &str) -> Option<CenterAnswer> {
    let it = world.cast.app(app);
    let sender = Sender { key: &it.key, org_id: it.id.as_str(), prefix: "app", region: world.cast.region };
    let (body, mac) = sender.request_to(path, world.clock.now(), plain.as_bytes(), it.proves);
    let came = world.callers.apps[usize::from(app)].post(path, &body, PATIENCE).await?;
    read(world, &came, (&it.key, mac.as_deref()), it.id.as_str())
}

/// Reads what came back to somebody's request, sealed with this key, that had this mac; nothing where it is no answer.
pub(super) fn read(
    world: &World,
    came: &Message,
    (key, mac): (&Sm4Key, Option<&str>),
    asker: &str,
) -> Option<CenterAnswer> {
    if came.status() != Some(200) {
        return None;
    }
    let answer = Answer::parse(&came.body).ok()?;
    // An answer without the right mac is none: it may be anybody's.
    if let Some(mac) = mac
        && answer.code == 0
        && !answer.is_proven(key, mac)
    {
        world.oracle().found(format!("an answer to {asker} is not proven"));
        return None;
    }
    Some(CenterAnswer { code: answer.code, plain: answer.open(key).ok() })
}
