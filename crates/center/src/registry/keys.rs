//! The keys that open an envelope, and the time of those that do not.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{CipherText, OpenError, PlainText};

/// The keys of an account or channel: the newest, and during a rotation the one before it.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) newest: Sm4Key,
    pub(crate) older: Option<Sm4Key>,
    /// Whether the newest opened an envelope of its owner's.
    used: AtomicBool,
}

impl Keys {
    pub(crate) const fn new(newest: Sm4Key, older: Option<Sm4Key>) -> Self {
        Self { newest, older, used: AtomicBool::new(false) }
    }

    /// Notes that an envelope was taken that this key opened.
    pub(crate) fn note_use(&self, key: &Sm4Key) {
        // Read first: the flag is written once in a key's life.
        if std::ptr::eq(key, &raw const self.newest) && !self.is_used() {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the newest key was used.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes over what was known of the same key.
    pub(super) fn keep_use(&mut self, before: &Self) {
        *self.used.get_mut() |= before.is_used() && before.newest.kcv() == self.newest.kcv();
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
