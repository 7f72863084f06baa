//! The keys that open an envelope, and the time of those that do not.

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};

use yanmi_protocol::envelope::{CipherText, OpenError, PlainText};
use yanmi_protocol::{KeyCheckValue, Sm4Key, UnixMillis};

/// A use that is this much later than the last is worth writing down.
const USE_STEP_MS: u64 = 5 * 60 * 1000;

/// The keys of an account or channel: the newest, and during a rotation the one before it.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) newest: Sm4Key,
    pub(crate) older: Option<Sm4Key>,
    newest_use: LastUse,
    older_use: LastUse,
}

/// When a key last opened an envelope of its owner's, to some minutes, in milliseconds of the epoch; 0 for never.
#[derive(Default, Debug)]
pub(crate) struct LastUse {
    seen: AtomicI64,
    /// Which of them is written down.
    noted: AtomicI64,
}

impl LastUse {
    fn see(&self, now: UnixMillis) {
        // Read first: most of the time nothing is written. A clock that was set back counts as well.
        if self.seen.load(Ordering::Relaxed).abs_diff(now.get()) >= USE_STEP_MS {
            self.seen.store(now.get(), Ordering::Relaxed);
        }
    }

    /// When it was, if that is not written down yet.
    fn unnoted(&self) -> Option<UnixMillis> {
        let seen = self.seen.load(Ordering::Relaxed);
        (seen != self.noted.load(Ordering::Relaxed)).then(|| UnixMillis::new(seen))
    }

    /// It is written down that the key was used then.
    pub(crate) fn note(&self, at: UnixMillis) {
        self.noted.store(at.get(), Ordering::Relaxed);
    }

    fn keep(&mut self, before: &Self) {
        *self.seen.get_mut() = before.seen.load(Ordering::Relaxed);
        *self.noted.get_mut() = before.noted.load(Ordering::Relaxed);
    }
}

impl Keys {
    pub(crate) fn new(newest: Sm4Key, older: Option<Sm4Key>) -> Self {
        Self { newest, older, newest_use: LastUse::default(), older_use: LastUse::default() }
    }

    /// Notes that an envelope was taken that this key opened.
    pub(crate) fn note_use(&self, key: &Sm4Key, now: UnixMillis) {
        let last = if std::ptr::eq(key, &raw const self.newest) { &self.newest_use } else { &self.older_use };
        last.see(now);
    }

    /// Whether the newest key was used since this process knows it.
    pub(crate) fn is_used(&self) -> bool {
        self.newest_use.seen.load(Ordering::Relaxed) != 0
    }

    /// The keys whose last use is not written down, each with when it was.
    pub(super) fn unnoted(&self) -> impl Iterator<Item = (KeyCheckValue, UnixMillis, &LastUse)> {
        let newest = self.newest_use.unnoted().map(|at| (self.newest.kcv(), at, &self.newest_use));
        let older = self.older.as_ref().zip(self.older_use.unnoted());
        newest.into_iter().chain(older.map(|(key, at)| (key.kcv(), at, &self.older_use)))
    }

    /// Takes over what was known of the same keys.
    pub(super) fn keep_use(&mut self, before: &Self) {
        let uses = [(Some(&before.newest), &before.newest_use), (before.older.as_ref(), &before.older_use)];
        for (theirs, last) in uses {
            let Some(theirs) = theirs.map(Sm4Key::kcv) else { continue };
            if theirs == self.newest.kcv() {
                self.newest_use.keep(last);
            } else if self.older.as_ref().is_some_and(|older| older.kcv() == theirs) {
                self.older_use.keep(last);
            }
        }
    }

    /// Opens an envelope with the newest key, or else the older, and tells which it was, for the answer is sealed
    /// with the same (E9). The cause of a failure is that of the newest. A failure always takes two decryptions, so
    /// that its time does not tell whether there is an older key (E7).
    pub(crate) fn open(&self, sealed: &CipherText) -> Result<(PlainText, &Sm4Key), OpenError> {
        match sealed.open(&self.newest) {
            Ok(plain) => Ok((plain, &self.newest)),
            Err(cause) => {
                let second = black_box(sealed.open(self.second()));
                let older = self.older.as_ref().ok_or(cause)?;
                second.map(|plain| (plain, older)).map_err(|_| cause)
            }
        }
    }

    /// Takes the time of [`Keys::open`] for somebody who is not let in whatever comes of it (E7).
    pub(crate) fn spend(&self, sealed: &CipherText) {
        drop(black_box(sealed.open(&self.newest)));
        drop(black_box(sealed.open(self.second())));
    }

    /// All there are, the newest first.
    pub(crate) fn all(&self) -> Vec<Sm4Key> {
        std::iter::once(&self.newest).chain(&self.older).cloned().collect()
    }

    /// The key that is tried second.
    fn second(&self) -> &Sm4Key {
        self.older.as_ref().unwrap_or(&self.newest)
    }
}
