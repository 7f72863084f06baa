//! Another app: the person shows the code of another app, and the counter asks there (1.4.4(5)E).
//!
//! The new code is a new token, so it is another verification. The person stands at one counter, though, and must not be
//! left with two prompts of which one does nothing. So a notice to a person at an institution ends every attempt of the same
//! person at the same institution that is still open under another token: its life is over, and its notice is
//! withdrawn. It need not be another app: a code that is shown anew in the same one is a new token too.
//!
//! An attempt whose delivery failed is ended as well: of two deliveries of one notice the one that failed may be told first,
//! and then the person has the prompt all the same. Were it left, a late "taken" would bring it back beside the new one.
//!
//! One that nobody answered in time is ended as well, though nobody is told: it is over by the clock only, and a clock that is
//! set back would bring it back.
//!
//! What was answered stays as it was answered. A confirmation is not voided, for the institution may have settled upon it;
//! and nothing at another institution ends, or one could take away the prompts of another.

use crate::state::Verification;

/// What becomes of an attempt under another token; nothing when it was answered, or is over for good.
pub fn take_over(older: &Verification) -> Option<Verification> {
    older.may_come_back().then(|| older.ended())
}
