//! Any message to any address, by hand: also one that is wrong, and one that is one too many.

use yanmi_protocol::Code;
use yanmi_protocol::envelope::Answer;
use yanmi_protocol::message::decode;

use super::calls::Call;
use super::counter::{CounterError, Desk};
use super::exchange::Exchange;
use crate::institution::Institution;
use crate::outgoing::Received;

/// What is wrong with a message sent by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is sealed with another key.
    Key,
}

/// The clerk's system sends any message to any address of the center, once for everybody to see. `before` are as many
/// ahead of it that nobody sees, at once; when one of them is refused for being too many, it is that one which is shown.
pub(crate) async fn send(
    desk: &Desk<'_>,
    (path, message): (&str, &str),
    fault: Fault,
    before: usize,
) -> Result<Answer, CounterError> {
    let state = desk.state;
    if let Some((sent, received)) = desk.crowd(path, message, before).await {
        let lane = desk.lane(Call::of_institution_path(path), path);
        let exchange = Exchange::begin(&state.watch, lane, sent.as_bytes(), Some(message));
        exchange.answered(received.status, &received.body);
        return Ok(received.open(&desk.account.key).map_err(CounterError::Center)?.0);
    }
    if path == decode::PATH {
        let exchange =
            Exchange::begin(&state.watch, desk.lane(Call::Decode, path), message.as_bytes(), Some(message));
        state.watch.filter.is_ours(message.as_bytes());
        let received = desk.institution.raw(path, message.to_owned()).await;
        exchange.received(&received);
        let received = received.map_err(|why| CounterError::Center(why.into()))?;
        return received.parse().map_err(CounterError::Center);
    }
    let call = Call::of_institution_path(path);
    let right = fault == Fault::None;
    let sent = if right { desk.institution.seal(message) } else { desk.sealed_wrongly(message) };
    let opened = right.then_some(message);
    let exchange = Exchange::begin(&state.watch, desk.lane(call, path), sent.as_bytes(), opened);
    if right {
        state.watch.filter.is_ours(sent.as_bytes());
    }
    let received = desk.institution.raw(path, sent).await;
    exchange.received(&received);
    let received = received.map_err(|why| CounterError::Center(why.into()))?;
    let opened = received.open(&desk.account.key).map_err(CounterError::Center)?;
    Ok(opened.0)
}

impl Desk<'_> {
    /// The message under a key that is not the account's.
    fn sealed_wrongly(&self, message: &str) -> String {
        let key = yanmi_protocol::Sm4Key::from_bytes(&[0x5A; 16]);
        let (url, id) = (&self.state.world.institution_url, self.account.org_id.as_str());
        Institution::new(url, id, key, self.state.world.region, self.state.clock()).seal(message)
    }

    /// Sends a message so many times at once; one of those that were refused for being too many.
    async fn crowd(&self, path: &str, message: &str, many: usize) -> Option<(String, Received)> {
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..many {
            let institution = self.institution.clone();
            let (path, sent) = (path.to_owned(), institution.seal(message));
            self.state.watch.filter.is_ours(sent.as_bytes());
            crowd.spawn(async move {
                let received = institution.raw(&path, sent.clone()).await.ok()?;
                let answer = Answer::parse(&received.body).ok()?;
                (answer.code == i64::from(Code::RateLimited.number())).then_some((sent, received))
            });
        }
        let mut refused = None;
        while let Some(ended) = crowd.join_next().await {
            refused = refused.or(ended.ok().flatten());
        }
        refused
    }
}
