//! Whether the center can do its work, as it is known without asking anybody.
//!
//! Health checks come often and from many. One that asked the database, or wrote to it, would be load by itself, and
//! most of it just when the database is in trouble. So a question is answered from here, and two others tell what they
//! find: a round that looks at the database each second, and the ledger, whose failed batch is known at once and stands
//! until a batch was committed or a trial of the same kind was.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use crate::store::StoreError;

/// Without a finished round for so long, the database counts as one that does not answer: a second between two rounds, and
/// two for its answer.
const ROUND_WITHIN: Duration = Duration::from_secs(3);

/// What is known. Clones are the same.
#[derive(Clone)]
pub(crate) struct Health(Arc<HealthState>);

struct HealthState {
    /// When the last round was over.
    looked: ArcSwapOption<Instant>,
    /// What the last round found wrong.
    round: ArcSwapOption<Trouble>,
    /// Why the newest batch was not committed.
    batch: ArcSwapOption<Trouble>,
}

/// What is wrong, for whoever asks: it names no server and no file.
#[derive(Debug)]
pub(crate) struct Trouble(String);

impl Trouble {
    fn of(error: &StoreError) -> Arc<Self> {
        Arc::new(Self(error.without_address()))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "数据库不可用：{}", self.0)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.trouble()).finish()
    }
}

impl Health {
    /// A center whose database has just been opened.
    pub(crate) fn new() -> Self {
        Self(Arc::new(HealthState {
            looked: ArcSwapOption::from_pointee(Instant::now()),
            round: ArcSwapOption::empty(),
            batch: ArcSwapOption::empty(),
        }))
    }

    /// Why the center is not ready; nothing when it is.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble_at(Instant::now())
    }

    fn trouble_at(&self, now: Instant) -> Option<String> {
        let HealthState { looked, round, batch } = &*self.0;
        if let Some(trouble) = round.load_full().or_else(|| batch.load_full()) {
            return Some(trouble.to_string());
        }
        let age = looked.load().as_ref().map(|looked| now.saturating_duration_since(**looked));
        let late = age.is_none_or(|age| age > ROUND_WITHIN);
        late.then(|| "数据库没有及时应答".to_owned())
    }

    /// A round is over.
    pub(crate) fn looked(&self, found: Result<(), &StoreError>) {
        self.0.round.store(found.err().map(Trouble::of));
        self.0.looked.store(Some(Arc::new(Instant::now())));
    }

    /// A batch was not committed.
    pub(crate) fn failed(&self, error: &StoreError) {
        self.0.batch.store(Some(Trouble::of(error)));
    }

    /// A batch was committed.
    pub(crate) fn committed(&self) {
        // Once in a batch: a load, and hardly ever a store.
        if self.0.batch.load().is_some() {
            self.0.batch.store(None);
        }
    }

    /// The trouble of the newest batch, for who tries whether it is over.
    pub(crate) fn unsettled(&self) -> Option<Arc<Trouble>> {
        self.0.batch.load_full()
    }

    /// A trial of what this trouble was about was committed; what failed meanwhile is not settled by it.
    pub(crate) fn settled(&self, trouble: &Arc<Trouble>) {
        self.0.batch.compare_and_swap(trouble, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> StoreError {
        StoreError::InUse("/srv/center.sqlite".into())
    }

    #[test]
    fn it_is_ready_while_rounds_come_back_with_nothing() {
        let health = Health::new();
        assert_eq!(health.trouble(), None);
        let later = Instant::now() + ROUND_WITHIN + Duration::from_millis(1);
        assert_eq!(health.trouble_at(later).as_deref(), Some("数据库没有及时应答"));
        health.looked(Err(&full()));
        let trouble = health.trouble().expect("trouble");
        assert!(trouble.starts_with("数据库不可用：") && !trouble.contains("/srv"), "{trouble}");
        health.looked(Ok(()));
        assert_eq!(health.trouble(), None);
    }

    #[test]
    fn a_failed_batch_stands_until_one_is_committed_or_tried() {
        let health = Health::new();
        health.failed(&full());
        health.looked(Ok(()));
        assert!(health.trouble().is_some(), "a look is not a commit");
        health.committed();
        assert_eq!(health.trouble(), None);
        health.failed(&full());
        let trouble = health.unsettled().expect("trouble");
        health.failed(&full());
        health.settled(&trouble);
        assert!(health.trouble().is_some(), "one that failed after the trial began");
        health.settled(&health.unsettled().expect("trouble"));
        assert_eq!(health.trouble(), None);
    }
}
