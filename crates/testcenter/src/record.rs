//! What is kept of a space beside the sandbox it is: `space.json`.

use serde::{Deserialize, Serialize};
use yanmi_acceptance::Conclusion;
use yanmi_protocol::UnixMillis;

/// Characters of a space's name, and of whom to call.
pub(crate) const MAX_NAME: usize = 40;
/// Runs that are kept; the oldest goes when one more ends.
pub(crate) const MAX_RUNS: usize = 40;

/// A space, as the operator sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceRecord {
    /// What its owner calls it.
    pub(crate) name: String,
    /// Whom to call about it, as he wrote it.
    pub(crate) contact: String,
    /// When it was made.
    #[serde(with = "millis")]
    pub(crate) made_at: UnixMillis,
    /// When it ends.
    #[serde(with = "millis")]
    pub(crate) ends_at: UnixMillis,
    /// By how much its clock is ahead, in milliseconds; never less than before.
    #[serde(default)]
    pub(crate) ahead_ms: u64,
    /// When somebody asked its center last.
    #[serde(default, with = "millis::optional")]
    pub(crate) last_call_at: Option<UnixMillis>,
    /// How many such questions there were.
    #[serde(default)]
    pub(crate) calls: u64,
    /// Acceptance runs, the newest last.
    #[serde(default)]
    pub(crate) runs: Vec<RunRecord>,
    /// The number of the next run: a number is never used again.
    #[serde(default = "first")]
    pub(crate) next_run: u32,
}

const fn first() -> u32 {
    1
}

/// An acceptance run that ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunRecord {
    /// Its number in this space, from 1.
    pub(crate) number: u32,
    /// Whose system was tried.
    pub(crate) kind: RunKind,
    /// Who made it.
    pub(crate) vendor: String,
    /// The product and its version.
    pub(crate) product: String,
    /// When it ended.
    #[serde(with = "millis")]
    pub(crate) ended_at: UnixMillis,
    /// What came of it.
    pub(crate) conclusion: RunVerdict,
}

/// What came of a run, as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunVerdict {
    /// Everything that decides was kept.
    Passed,
    /// Something was not.
    Failed,
    /// Not every situation was played.
    Incomplete,
}

impl From<Conclusion> for RunVerdict {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Passed => Self::Passed,
            Conclusion::Failed => Self::Failed,
            Conclusion::Incomplete => Self::Incomplete,
        }
    }
}

/// Whose system an acceptance run tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunKind {
    /// An institution's.
    Institution,
    /// A channel app.
    Channel,
}

impl RunKind {
    /// Its name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Institution => "机构接入",
            Self::Channel => "渠道接入",
        }
    }
}

impl SpaceRecord {
    /// Notes a run that ended.
    pub(crate) fn note_run(&mut self, run: RunRecord) {
        if self.runs.len() >= MAX_RUNS {
            self.runs.remove(0);
        }
        self.runs.push(run);
    }
}

/// Times as milliseconds since 1970.
mod millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use yanmi_protocol::UnixMillis;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(time: &UnixMillis, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixMillis, D::Error> {
        i64::deserialize(deserializer).map(UnixMillis::new)
    }

    pub(super) mod optional {
        use serde::{Deserialize, Deserializer, Serializer};
        use yanmi_protocol::UnixMillis;

        #[expect(clippy::ref_option, reason = "the signature that serde calls")]
        pub(in crate::record) fn serialize<S: Serializer>(
            time: &Option<UnixMillis>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => serializer.serialize_some(&time.get()),
                None => serializer.serialize_none(),
            }
        }

        pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<UnixMillis>, D::Error> {
            Ok(Option::<i64>::deserialize(deserializer)?.map(UnixMillis::new))
        }
    }
}
