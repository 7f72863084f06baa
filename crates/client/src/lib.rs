//! The institution's side of online password verification (医保电子凭证线上密码核验认证): what a hospital's or a
//! pharmacy's system needs to ask for a verification and to know, without anybody's judgment, whether it may settle.
//!
//! The persons of the play:
//!
//! * the [`Desk`] (收费窗口) is what a program holds: it takes a visit from the scanned code to the decision;
//! * the [`CenterClient`] makes the calls of section 1.7, with deadlines, safe retries and several addresses;
//! * the [`gate`] is sections 1.4.3, 1.5 and 1.6 as a pure function over what was recorded about a visit;
//! * [`Visits`] keeps those records in a file, sealed, each step stored before anybody is told of it;
//! * the ports of [`offline`] stand for the medical-insurance terminal and the dynamic library.
//!
//! Three rules hold everywhere:
//!
//! * **Closed by default.** No answer, a strange answer, an old answer, an answer about something else: none of them
//!   settles. What settles without proof is a named exemption, and it is recorded.
//! * **Nothing is fetched by the rules.** Time, chance and waiting come from an [`Ambient`], the network from a
//!   [`Transport`]; the gate takes `now` as an argument.
//! * **Blocking, and small.** There is no asynchronous runtime: an institution's system calls, waits and goes on.
//!   Everything is safe to share between threads, and 64-bit numbers never depend on the size of a pointer.
//!
//! # From the code to the settlement
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use yanmi_client::config::environment;
//! use yanmi_client::gate::{Ask, Settlement};
//! use yanmi_client::{ClientConfig, DecodeRequest, Desk, Machine};
//! use yanmi_protocol::QrCode;
//! use yanmi_protocol::dictionary::BusinessType;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ClientConfig::load(Path::new("yanmi.toml"), &environment)?;
//! let desk = Desk::open(&config, Arc::new(Machine::new()))?;
//!
//! let scanned = DecodeRequest {
//!     qr_code: QrCode::new("4243754826492874240001130000")?,
//!     business: BusinessType::SETTLEMENT,
//!     operator_id: "001",
//!     operator_name: "经办人",
//!     office_id: "01",
//!     office_name: "收费处",
//! };
//! let (visit, _person) = desk.scan(&scanned, Some("MZ20251123-1"))?;
//!
//! let ask = Ask { kind: Settlement::Outpatient, amount: "128.50".parse()? };
//! let notice = desk.notify(visit.id(), Some(ask.amount))?;
//! assert!(notice.advice.is_none(), "the channel has it, and the person is asked");
//! desk.status(visit.id(), Some(Duration::from_secs(20)))?;
//!
//! let decided = desk.gate(visit.id(), ask)?;
//! match decided.advice() {
//!     None => println!("settle"),
//!     Some(advice) => println!("do not settle: {}. {}", advice.why, advice.next),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The whole of it, as a program, is `examples/rust/desk.rs`.

mod addresses;
pub mod ambient;
mod answer;
mod call;
pub mod center;
pub mod config;
mod decode;
pub mod desk;
pub mod drift;
pub mod failure;
pub mod gate;
mod http;
mod notify;
pub mod offline;
mod password;
pub mod private;
mod proof;
mod serial;
mod settings;
mod status;
pub mod transport;
pub mod visits;

pub use ambient::{Ambient, Machine};
pub use answer::{NoticeAnswer, StatusAnswer, StatusExtension};
pub use call::Reply;
pub use center::CenterClient;
pub use config::ConfigError;
pub use decode::DecodeRequest;
pub use desk::{Desk, DeskError};
pub use drift::Drift;
pub use failure::{CallError, Failure, Report};
pub use http::SetupError;
pub use password::{PasswordAnswer, PasswordQuestion};
pub use settings::ClientConfig;
pub use status::StatusQuery;
pub use transport::Transport;
pub use visits::{Visits, VisitsError};
