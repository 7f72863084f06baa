//! A run of the acceptance that a test center presided over.

use serde::{Deserialize, Serialize};
use yanmi_protocol::AccountId;

use crate::application::stored;

/// Who presided over a run, and what is shown beside the form: names are typed twice, so a person compares them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestRun {
    /// The test center's name.
    pub center: String,
    /// The number it gave to the run.
    pub number: String,
    /// The account whose envelopes were tried.
    #[serde(with = "stored::account")]
    pub account: AccountId,
    /// Who made the system, as it was typed at the test center.
    pub vendor: String,
}
