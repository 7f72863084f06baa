//! What is said between the parties of online password verification (医保电子凭证线上密码核验认证).
//!
//! This crate is the interface specification as types: the sealed envelope (section 1.3), the messages of
//! the calls (1.7), the dictionaries (1.8) and the return codes (1.9), and beside them the contract between
//! the center and the channel apps, and between the center and the national center. It holds no I/O, no
//! clock and no chance: whoever calls it says what time it is.
//!
//! Three ideas run through it:
//!
//! * **Parsed, not checked.** [`EcToken`], [`OrgCode`], [`Region`], [`Amount`] and the others can only be
//!   made by a constructor that keeps the rule, so code that holds one need not ask again.
//! * **A bad member has a name.** Everything that arrives is read through [`Members`], whose every refusal
//!   says which member is wrong and why ([`MemberError`]), in the words the institution's programmer reads.
//! * **Hidden on the way out.** `Debug` of anything personal is masked; keys and digests print nothing and are
//!   wiped from memory when dropped.

pub mod amount;
mod block;
pub mod code;
pub mod composition;
pub mod dictionary;
pub mod display;
pub mod document;
pub mod envelope;
pub mod hex;
pub mod identifier;
pub mod key;
pub mod mac;
pub mod mask;
pub mod member;
pub mod message;
pub mod password;
pub mod system;
pub mod text;
pub mod time;

pub use amount::Amount;
pub use code::Code;
pub use identifier::{
    AccountId, AuthNo, ChannelId, EcIndexNo, EcToken, NoticeNo, OrgCode, QrCode, Region, SerialNo,
};
pub use key::{KeyCheckValue, Sm4Key};
pub use member::{MemberError, Members, Problem};
pub use password::PasswordDigest;
pub use time::UnixMillis;
