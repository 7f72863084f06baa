//! What every face does around a request, whatever it asks: a fault of the program is told to that caller alone, what came
//! of it is one line of the log and one count, and a refusal is kept for whoever is asked why.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use tokio::time::Instant;

use yanmi_protocol::envelope::CipherText;
use yanmi_protocol::{AccountId, Code, EcToken, NoticeNo, OrgCode};

use crate::calls::{Seen, Whose};
use crate::claimed::Claimed;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::{Operation, RequestLine};
use yanmi_http::NOBODY;
use yanmi_http::Peer;

/// What an operation notes for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) token: Option<EcToken>,
    pub(crate) batch: usize,
    /// The institution, as far as its code is of the national form.
    pub(crate) org_code: Option<OrgCode>,
    pub(crate) notice: Option<NoticeNo>,
    /// Told with a success: the seconds after which to ask again.
    pub(crate) retry_after: Option<u64>,
}

/// A fault of the program in one request is told to that caller, not to everybody on the connection. What runs is
/// borrowed: the future of a request is moved several times before it begins, and should not carry it twice.
pub(crate) async fn unless_it_panics<T>(
    mut run: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
    poll_fn(|context| {
        // What the operation worked on is dropped with it; all that outlives it is behind the ledger.
        let polled = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Refusal::Broken("处理请求时程序异常".to_owned()))))
    })
    .await
}

/// How far somebody is to be believed who sent a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trust {
    /// It is who it says.
    Proven,
    /// Nothing proves who it is, but it showed what a stranger has not: a good code, a link of this site.
    Known,
    /// Anybody. Strangers are counted apart, and not each of them is a line of the log.
    Stranger,
}

/// Who sent a request, as far as that is known.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    /// The account or channel it is about.
    pub(crate) org_id: Option<&'a AccountId>,
    pub(crate) standing: Trust,
    /// Who it says to be, until that is proven.
    pub(crate) claimed: Option<Claimed>,
    pub(crate) peer: Option<&'a Peer>,
    /// The envelope, when it proved nothing.
    pub(crate) unopened: Option<CipherText>,
}

impl<'a> Sender<'a> {
    /// Somebody of whom nothing is known but the connection.
    pub(crate) fn stranger(peer: Option<&'a Peer>) -> Self {
        Self { org_id: None, standing: Trust::Stranger, claimed: None, peer, unopened: None }
    }
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    operation: Operation,
    started: Instant,
    noted: Noted,
    code: Code,
    refusal: Option<&'a Refusal>,
}

impl<'a> Ending<'a> {
    pub(crate) fn of(
        operation: Operation,
        started: Instant,
        noted: Noted,
        refusal: Option<&'a Refusal>,
    ) -> Self {
        let code = refusal.map_or(Code::Success, Refusal::code);
        Self { operation, started, noted, code, refusal }
    }

    /// The same for a face whose answers are pages: what a page says has a code too.
    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Counts it, writes the line, and has a refusal kept; why it was refused, which the caller is not told.
    pub(crate) fn record(self, site: &Site, sender: Sender<'_>) -> Option<String> {
        let cause = self.refusal.and_then(Refusal::cause);
        // The other end of a page is a person's telephone, which is written down nowhere.
        let is_person = matches!(self.operation, Operation::Page | Operation::Console);
        let source = sender.peer.map_or(NOBODY, Peer::source);
        let address = sender.peer.map(Peer::ip).filter(|_| !is_person);
        let told = site.telemetry.request(&RequestLine {
            operation: self.operation,
            org_id: sender.org_id.map_or("-", AccountId::as_str),
            code: self.code,
            started: self.started,
            batch: self.noted.batch,
            token: self.noted.token,
            stranger: (sender.standing == Trust::Stranger).then_some(source),
            claimed: sender.claimed,
            peer: address,
            cause: cause.as_deref(),
        });
        if told
            && !is_person
            && let Some(refusal) = self.refusal
        {
            self.keep(site, sender, address, (refusal, cause.clone()));
        }
        cause
    }

    /// Has a refusal written down later. What is said of one that proves nothing is said of all alike, and nothing is found
    /// out before it is answered (E7).
    fn keep(
        &self,
        site: &Site,
        sender: Sender<'_>,
        address: Option<IpAddr>,
        (refusal, cause): (&Refusal, Option<String>),
    ) {
        // That no password is needed is an outcome, which the audit has.
        if self.code == Code::PasswordFree {
            return;
        }
        let proven = sender.org_id.filter(|_| sender.standing == Trust::Proven);
        // An account that is not proven is merely claimed.
        let named = sender.org_id.and_then(|account| Claimed::of(account.as_str(), true));
        let whose = match (proven, sender.claimed.or(named)) {
            (Some(account), _) if !site.calls.admit(self.code, *account) => return,
            (Some(account), _) => Whose::Proven(*account),
            (None, Some(claimed)) => Whose::Claimed(claimed),
            (None, None) => Whose::Nobody,
        };
        site.calls.note(Seen {
            whose,
            org_code: self.noted.org_code,
            token: self.noted.token,
            notice: self.noted.notice,
            cause,
            detail: refusal.member().map(str::to_owned),
            us: i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX),
            address,
            unopened: sender.unopened.and_then(|sealed| site.calls.set_aside(sealed)),
            ..Seen::new(site.clock.now(), self.operation.word(), i64::from(self.code.number()))
        });
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    #[expect(clippy::panic, reason = "the case under test")]
    async fn a_panic_is_an_internal_error() {
        let result: Result<(), _> = unless_it_panics(pin!(async { panic!("a fault") })).await;
        assert_eq!(result.expect_err("told").code(), Code::Unknown);
        assert_eq!(unless_it_panics(pin!(async { Ok(7) })).await.expect("unharmed"), 7);
    }
}
