//! Why an agent does not start.

use std::fmt;

use yanmi_client::DeskError;
use yanmi_http::BindError;
use yanmi_protocol::system::words;

use crate::config::AgentConfigError;

/// Why an agent does not start. `Display` is Chinese.
#[derive(Debug)]
pub enum StartError {
    /// The configuration cannot be used.
    Config(AgentConfigError),
    /// The token's file cannot be used.
    Token(String),
    /// The desk cannot be opened.
    Desk(DeskError),
    /// The address cannot be listened on.
    Listen(BindError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "{error}"),
            Self::Token(why) => f.write_str(why),
            Self::Desk(error) => write!(f, "{error}"),
            Self::Listen(BindError::Address { address, source, .. }) => {
                write!(f, "无法监听 {address}：{}", words(source))
            }
            Self::Listen(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StartError {}
