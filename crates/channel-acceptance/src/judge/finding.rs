//! What is found: a rule, kept or broken.

use crate::rule::Rule;

/// One time a rule came to the test.
pub type Finding = yanmi_acceptance::judge::Finding<Rule>;
