//! One round of a situation: its token, its notices, and where each of them stands.

use std::time::Duration;

use yanmi_protocol::identifier::IdentifierError;
use yanmi_protocol::message::channel_notice::{Kind, Notice, Way};
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, Region, UnixMillis};

use crate::ambient::Entropy;
use crate::cast::{self, Cast, OTHER_CHANNEL};
use crate::event::{Numbers, Status};
use crate::post::{Post, Recipient, Which, Wrapping};
use crate::situation::{Situation, Standing};

/// One round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) token: EcToken,
    pub(crate) numbers: Numbers,
    /// What stands in the path of the links of this round.
    pub(crate) secret: String,
    /// How many of its parts were posted: 0, 1, or 2.
    pub(crate) parts: usize,
    notices: [Option<Notice>; 2],
    standing: [Standing; 2],
}

/// How a notice of this run is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing<'a> {
    pub(crate) cast: &'a Cast,
    pub(crate) channel: ChannelId,
    pub(crate) ways: &'a [Way],
    pub(crate) base: &'a str,
}

impl Round {
    /// A round nothing of was played. `first` gives its numbers.
    pub(crate) fn new(
        region: Region,
        at: usize,
        first: u64,
        entropy: &Entropy,
    ) -> Result<Self, IdentifierError> {
        let token = cast::token(region, at, entropy)?;
        let numbers = cast::numbers(first).ok_or(IdentifierError { expected: "13 位数字" })?;
        let secret = format!("{:016x}", cast::number(entropy));
        Ok(Self { token, numbers, secret, parts: 0, notices: [None, None], standing: [Standing::Unsent; 2] })
    }

    /// Which notice this is.
    pub(crate) fn find(&self, number: NoticeNo) -> Option<Which> {
        Which::ALL.into_iter().find(|which| self.numbers.get(which.index()) == Some(&number))
    }

    pub(crate) fn number(&self, which: Which) -> NoticeNo {
        let [first, second] = self.numbers;
        if which == Which::First { first } else { second }
    }

    /// Writes a message.
    pub(crate) fn write(
        &self,
        situation: &Situation,
        post: &Post,
        now: UnixMillis,
        writing: &Writing<'_>,
    ) -> Result<Notice, IdentifierError> {
        let Writing { cast, channel, ways, base } = *writing;
        // What was sent earlier says an earlier time, however late it arrives.
        let at = now.minus(Duration::from_secs(u64::from(3_u32.saturating_sub(post.sequence))));
        Ok(Notice {
            kind: post.kind,
            number: self.number(post.which),
            sequence: post.sequence,
            channel: if post.to == Recipient::OtherChannel {
                ChannelId::new(OTHER_CHANNEL)?
            } else {
                channel
            },
            token: self.token,
            index: Some(if post.to == Recipient::Stranger { cast.stranger } else { cast.person }),
            masked_name: cast.masked_name.clone(),
            org_code: cast::organization_code(post.which, situation.apart)?,
            org_name: cast::org_name(post.which, situation.apart, post.name).to_owned(),
            amount: post.fen.and_then(|fen| Amount::from_fen(fen).ok()),
            at,
            expires_at: now.plus(post.life),
            ways: ways.to_vec(),
            url: post.link.then(|| format!("{base}/page/{}?n={}", self.secret, self.number(post.which))),
        })
    }

    /// Takes note of what the center has decided to post. What the app is not to take never happened.
    pub(crate) fn posted(&mut self, situation: &Situation, post: &Post, notice: &Notice) {
        if post.wrapping != Wrapping::Honest || post.to != Recipient::Person {
            return;
        }
        let newest = |round: &Self, which: Which| {
            round.notices.get(which.index()).and_then(Option::as_ref).map_or(0, |notice| notice.sequence)
        };
        let other = if post.which == Which::First { Which::Second } else { Which::First };
        let late = post.sequence < newest(self, post.which)
            || (!situation.apart && post.sequence < newest(self, other));
        let own = post.which.index();
        if !late && !situation.apart && self.standing[other.index()] == Standing::Live {
            self.standing[other.index()] = Standing::Void;
        }
        let open = matches!(self.standing[own], Standing::Unsent | Standing::Live);
        match post.kind {
            Kind::Withdrawal if !late && open => self.standing[own] = Standing::Void,
            Kind::Notice if late && self.standing[own] == Standing::Unsent => {
                self.standing[own] = Standing::Void;
            }
            Kind::Notice if !late && self.standing[own] == Standing::Unsent => {
                self.standing[own] = Standing::Live;
            }
            _ => {}
        }
        if !late || self.notices[own].is_none() {
            self.notices[own] = Some(notice.clone());
        }
    }

    /// Where a notice stands.
    pub(crate) fn standing(&self, which: Which, now: UnixMillis) -> Standing {
        match (self.standing[which.index()], &self.notices[which.index()]) {
            (Standing::Live, Some(notice)) if now >= notice.expires_at => Standing::Void,
            (standing, _) => standing,
        }
    }

    /// The person has answered.
    pub(crate) fn answer(&mut self, which: Which, status: Status) {
        if self.standing[which.index()] == Standing::Live {
            self.standing[which.index()] = Standing::Done(status);
        }
    }

    /// What is pending of it.
    pub(crate) fn pending(&self, now: UnixMillis) -> impl Iterator<Item = &Notice> {
        Which::ALL
            .into_iter()
            .filter(move |which| self.standing(*which, now) == Standing::Live)
            .filter_map(|which| self.notices[which.index()].as_ref())
    }
}
