//! The keys that open an envelope, and the time of those that do not.

use std::hint::black_box;

use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{CipherText, OpenError, PlainText};

/// The keys of an account or channel: the newest, and during a rotation the one before it.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) newest: Sm4Key,
    pub(crate) older: Option<Sm4Key>,
}

impl Keys {
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
