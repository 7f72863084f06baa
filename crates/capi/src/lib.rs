//! The institution's side for every language that can call a C function: C, C++, C#, Delphi, `PowerBuilder`, Java,
//! Python. Everything is decided by the desk of `yanmi-client`; here it only crosses the border.
//!
//! What a border has to be suspicious of, and what is done about it:
//!
//! * **Pointers.** NULL is an error with a number. Texts are read up to their NUL and never behind [`text::MAX_INPUT`];
//!   what is written fits with its NUL or is not written. Nothing is kept of what a pointer points to. All of this is in
//!   [`text`]; [`exports`] and the buffer of an answer are the only other places with `unsafe`.
//! * **Handles.** They are numbers with a generation, not addresses: a handle closed, closed twice or made up is told
//!   from an open one, and a call that is under way in another thread keeps what it uses.
//! * **Panics.** None leaves an exported function: it becomes error 9015.
//! * **Half answers.** JSON that does not fit is never cut. A short error that fits is written instead, with how many
//!   bytes are needed; the step has been taken and is stored, and can be read again.
//! * **Returned numbers.** 0 of the gate means "settle", and nothing else does: a program that forgets to look at
//!   more than the number is closed by default.
//!
//! The typed functions and the drop-in `YanmiTrans` do the same operations ([`setup::Session`]). Each function is one
//! call of the desk, blocks until it is answered, and may be called from any thread.

pub mod answer;
pub mod exports;
pub mod fault;
mod handles;
pub mod operation;
mod output;
pub mod setup;
pub mod text;
pub mod trans;

pub use handles::MAX_HANDLES;

#[cfg(test)]
mod header;
