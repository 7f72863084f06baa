//! What a desk makes of answers: it settles only what it was told with a proof, understands what it was told, and has words for
//! everything else.

use super::call::DeskDecision;
use super::{Key, Oracle};

/// An answer as it came to a desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeskAnswer {
    /// The notice went out, with a proof.
    Notified,
    /// "1", with a proof.
    Yes,
    /// "0", with a proof.
    No,
    /// No password is needed, with a proof.
    Free,
    /// Refused with this code, known or not, with a proof.
    Refused(i64),
    /// A refusal nobody has proven.
    Unproven,
    /// Nothing that is an answer to the question.
    Nothing,
}

impl DeskAnswer {
    /// Whether the center vouches for it.
    pub(crate) const fn is_proven(self) -> bool {
        !matches!(self, Self::Unproven | Self::Nothing)
    }
}

/// What a desk says of a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeskNotice {
    Notified,
    Free,
    Refused(i64),
    Failed,
}

/// What a desk tells the clerk: why it does not settle, and what to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeskWords {
    pub(crate) why: String,
    pub(crate) next: String,
    pub(crate) code: Option<i64>,
}

impl DeskWords {
    /// Whether a clerk learns something of them.
    fn are_sensible(&self) -> bool {
        let has_words =
            |text: &str| text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count() >= 4;
        has_words(&self.why) && has_words(&self.next)
    }
}

impl Oracle {
    /// A desk has an outcome of a notice; what it heard last about it, if anything.
    pub(crate) fn desk_notified(
        &mut self,
        key: Key,
        (heard, notice): (Option<DeskAnswer>, DeskNotice),
        words: Option<&DeskWords>,
    ) {
        let told = match (heard, notice) {
            // The number in the answer says when it was made, by the center's clock.
            (Some(DeskAnswer::Notified), notice) => {
                notice == DeskNotice::Notified || self.clock_was_ever_set()
            }
            (Some(DeskAnswer::Free), notice) => notice == DeskNotice::Free,
            (Some(DeskAnswer::Refused(code)), notice) => notice == DeskNotice::Refused(code),
            (_, DeskNotice::Notified | DeskNotice::Free) => false,
            _ => true,
        };
        if !told {
            self.found(format!(
                "a desk heard {heard:?} of a notice, and made {notice:?} of it: {key:?} {words:?}"
            ));
        }
        let good = matches!(notice, DeskNotice::Notified | DeskNotice::Free);
        self.judge_words(key, good, words, heard);
    }

    /// A desk settles: only upon a sufficient confirmation, or where no password is needed, and only when it was told so with a
    /// proof. `told` is what it heard for this decision, `before` what it heard before in this visit.
    pub(crate) fn desk_settles(
        &mut self,
        key: Key,
        settled: DeskDecision,
        (before, told): (&[DeskAnswer], &[DeskAnswer]),
    ) {
        self.confirmed += 1;
        self.counts("desk", 1);
        let confirmed = self.confirmations(&key).any(|(prompt, act)| {
            act.begun < settled.ended && prompt.amount.is_some_and(|confirmed| settled.amount <= confirmed)
        });
        if !confirmed && !self.may_be_free(&key, Some(settled.amount), settled.ended) {
            self.found(format!("a desk settles what nobody confirmed: {key:?} {settled:?}"));
        }
        let yes = match told.last() {
            Some(last) => matches!(last, DeskAnswer::Yes | DeskAnswer::Free),
            None => before.contains(&DeskAnswer::Free),
        };
        if !yes {
            self.found(format!(
                "a desk settles what it was not told: {key:?} {settled:?} {before:?} {told:?}"
            ));
        }
    }

    /// A desk does not settle; whether its notice went out, and what it heard for this decision.
    pub(crate) fn desk_refuses(
        &mut self,
        key: Key,
        (notified, told): (bool, &[DeskAnswer]),
        words: Option<&DeskWords>,
    ) {
        self.counts("desk", 0);
        let last = told.last().copied();
        if notified && last == Some(DeskAnswer::Yes) && !self.clock_was_ever_set() {
            self.found(format!("a desk was told to settle, and does not: {key:?} {words:?}"));
        }
        self.judge_words(key, false, words, last);
    }

    fn judge_words(&mut self, key: Key, good: bool, words: Option<&DeskWords>, heard: Option<DeskAnswer>) {
        if good != words.is_none() || words.is_some_and(|words| !words.are_sensible()) {
            self.found(format!("a desk has no sensible words for {heard:?}: {key:?} {words:?}"));
        }
        if let (Some(DeskAnswer::Refused(code)), Some(words)) = (heard, words)
            && words.code != Some(code)
        {
            self.found(format!("a desk does not say that it was refused with {code}: {key:?} {words:?}"));
        }
    }
}
