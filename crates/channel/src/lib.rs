//! The channel's side of the contract (section 5 of the reading), for channel apps written in Rust to use and for
//! others to read.
//!
//! The persons of the play:
//!
//! * the **center** posts notices and withdrawals to the app's notice address, and answers what the app asks;
//! * the **channel app** ([`App`]) has two duties and four things to say. It **takes** what the center posts
//!   ([`App::open`], [`App::received`]) and **shows** it ([`Inbox`]). It **asks** for what is pending when the person
//!   opens the message center, because a push can get lost ([`App::pending`]); it **reports** what the person did
//!   ([`App::report`]); and it switches password-free settlement ([`App::password_free`]);
//! * the **insured person** reads the notice and confirms, cancels, or says that it is not them;
//! * the **transport** ([`Transport`]) is the HTTP client the app has anyway. Nothing here opens a socket, looks at a
//!   clock, or keeps anything outside of the [`Inbox`].
//!
//! ```text
//! center ── notice, withdrawal ──▶ App::open ──▶ Inbox::take ──▶ screen
//!        ◀── App::received ───────
//!        ◀── App::pending ──────── message center opened
//!        ◀── App::report ───────── confirmed, cancelled, not me, failed ──▶ Inbox::settle
//! ```
//!
//! What is hard about it is the order of arrival. A push is tried again when its answer got lost, a withdrawal has
//! a connection of its own, and an answer about pending notices was true when it was written. So any message may
//! arrive twice, late, or before one that was sent earlier. [`Inbox`] sorts that out by `notcSeq`, and by nothing
//! else: the clocks of two centers differ, and their numbers come from different blocks.
//!
//! ```
//! use yanmi_channel::{Fate, Inbox, Taken};
//! use yanmi_protocol::message::channel_notice::Notice;
//! use yanmi_protocol::{Members, UnixMillis};
//!
//! /// What the center says: a notice ("1") or a withdrawal ("2") about the same request.
//! fn message(kind: &str, sequence: u32) -> Notice {
//!     let text = format!(
//!         r#"{{"notcType": "{kind}", "notcNo": "1616654881967", "notcSeq": "{sequence}",
//!             "chnlId": "C0DE000000000000000000000000000A", "ecToken": "T1", "userName": "*试",
//!             "orgCodg": "H35010000001", "orgName": "福州示范医院", "notcTime": "1700000000000",
//!             "expTime": "1700000300000", "authWays": ["01"]}}"#
//!     );
//!     Notice::read(&Members::parse(&text).expect("an object")).expect("a notice")
//! }
//!
//! let mut inbox = Inbox::default();
//! let notice = message("1", 1);
//! // It is shown and alerts; the same push once more does not.
//! assert_eq!(inbox.take(&notice), Taken::New);
//! assert_eq!(inbox.take(&notice), Taken::Repeated);
//! // The institution asked again, because the person saw nothing: one request still, and a second alert.
//! assert_eq!(inbox.take(&message("1", 2)), Taken::Anew);
//! assert_eq!((inbox.entries().len(), inbox.entries()[0].alerts), (1, 2));
//! // Its end is its end, whatever the phone shows.
//! assert!(inbox.entries()[0].is_open(UnixMillis::new(1_700_000_299_999)));
//! assert!(!inbox.entries()[0].is_open(UnixMillis::new(1_700_000_300_000)));
//! // Taken away, it stays away: what arrives late does not bring it back.
//! assert_eq!(inbox.take(&message("2", 3)), Taken::Withdrawn);
//! assert_eq!(inbox.take(&message("1", 2)), Taken::Late);
//! assert_eq!(inbox.find(notice.number).map(|entry| entry.fate), Some(Fate::Withdrawn));
//! ```
//!
//! A whole app in miniature, from the sealed notice to the sealed report, is `examples/app.rs`.
//!
//! What a channel keeps is for showing. Whether a notice still counts, the center decides, each time it is told.

mod answer;
mod app;
mod inbox;

pub use answer::{CenterAnswer, ReadError, Reply, Transport};
pub use app::{App, CENTER_DEADLINE, Clock, Posted, Refused, Sealed};
pub use inbox::{Entry, Fate, Inbox, MAX_KEPT, Taken};
