//! How a running center is tried.
//!
//! The persons of the play are those of crate `yanmi-simulator`; here is who makes it hard for the center, and who
//! knows whether it did right:
//!
//! * the **load generator** ([`load`]) is an institution that does nothing but ask, as fast as it can, and brings the
//!   servers along that a measurement needs: the baseline, and a channel app without any bookkeeping;
//! * the **oracle** ([`oracle`]) plays institution and insured person one deed after the other, remembers everything
//!   that was answered, and finds what contradicts it, while it goes on and in the database at the end.
//!
//! Neither knows anything of the center but what everybody outside can know.

pub mod load;
pub mod oracle;
