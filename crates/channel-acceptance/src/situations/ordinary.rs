//! The situation in which nothing is wrong, which the others differ from in what they are about.

use crate::act::Act;
use crate::post::{Which, notice};
use crate::rule::Rule;
use crate::situation::{Listing, Needs, Situation, honest};

/// What every situation begins with: one notice comes, and is looked at.
pub(super) const ORDINARY: Situation = Situation {
    id: "",
    title: "",
    acts: &[Act::Begin, Act::Tell],
    posts: &[notice(Which::First, 1)],
    then: &[],
    apart: false,
    needs: Needs::Nothing,
    report: honest,
    listing: Listing::Honest,
    about: Rule::ShowNotice,
    expects: &[],
};
