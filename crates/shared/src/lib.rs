//! What institutions' programs load: the functions of `yanmi-capi`, linked into one file.
//!
//! It is a crate of its own because tests and the benchmark use `yanmi-capi` as a library of Rust, and a crate that is also
//! a shared object is linked, whole, by every build that merely depends on it.

pub use yanmi_capi::exports;
