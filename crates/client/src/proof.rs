//! What an answer has to prove before it is believed (E13).
//!
//! A center that knows macs answers a request that has one with one, refusals included. A center that does not know
//! them answers as ever, so the first answer cannot be held to it; but once one carried a mac, an answer without one
//! comes from somebody else. Then neither a success nor 500320 is taken without, for these are what settles a bill. That
//! the center has answered so is kept in the file of the visits where there is one: a restart must not make the client
//! credulous again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use yanmi_protocol::envelope::Answer;
use yanmi_protocol::{Code, Sm4Key};

use crate::failure::Failure;
use crate::settings::MacUse;
use crate::visits::ProvenCenter;

/// What is known about a center's macs.
#[derive(Debug)]
pub(crate) struct Proofs {
    setting: MacUse,
    /// Whether an answer carried a mac.
    seen: AtomicBool,
    /// Where that is kept.
    kept: OnceLock<ProvenCenter>,
}

impl Proofs {
    pub(crate) const fn new(setting: MacUse) -> Self {
        Self { setting, seen: AtomicBool::new(false), kept: OnceLock::new() }
    }

    /// Whether requests carry a mac.
    pub(crate) fn are_sent(&self) -> bool {
        self.setting != MacUse::Never
    }

    /// From now on what is learned is kept here, and what was kept counts.
    pub(crate) fn keep_in(&self, center: ProvenCenter) {
        if center.is_known() {
            self.seen.store(true, Ordering::Relaxed);
        }
        // A client is of one file.
        let _ = self.kept.set(center);
    }

    /// Whether an answer to the request with this mac may be believed, and whether it is proven.
    pub(crate) fn check(&self, body: &[u8], key: &Sm4Key, request_mac: &str) -> Result<bool, Failure> {
        // What is no answer says nothing; that is found out where it is read.
        let Ok(answer) = Answer::parse(body) else { return Ok(false) };
        if answer.mac.is_some() {
            if !answer.is_proven(key, request_mac) {
                return Err(Failure::Foreign("mac 不符：应答在线路上被改动，或不是对本次请求的应答"));
            }
            self.learn();
            return Ok(true);
        }
        let settles = answer.code == 0 || answer.code == i64::from(Code::PasswordFree.number());
        if settles && self.are_wanted() {
            return Err(Failure::Foreign("没有 mac：配置要求或该中心此前的应答都有，没有的不予采信"));
        }
        Ok(false)
    }

    /// Whether an answer without a mac is believed in nothing.
    pub(crate) fn are_wanted(&self) -> bool {
        match self.setting {
            MacUse::Always => true,
            MacUse::Auto => self.seen.load(Ordering::Relaxed),
            MacUse::Never => false,
        }
    }

    fn learn(&self) {
        if !self.seen.swap(true, Ordering::Relaxed)
            && let Some(kept) = self.kept.get()
            && !kept.keep()
        {
            // Not kept: the next answer tries again. Until then the process remembers nothing less.
            self.seen.store(false, Ordering::Relaxed);
        }
    }
}
