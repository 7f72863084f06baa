//! How operators prove who they are: a password that is stored as what it hashes to, and a code of their phone; or a provider
//! that says who they are.
//!
//! Nothing here knows of requests, sessions or tables: it says what fits, and how long a guess takes.

mod oidc;
mod password;
mod totp;

pub(crate) use oidc::{
    FLOW_LIFE, FlowStep, OidcError, OidcFlow, OpenIdProvider, ProvenSubject, ProviderIdentity,
};
pub use password::WeakPassword;
pub(crate) use password::{PasswordHash, check, spend};
pub use totp::{TotpSecret, TotpSecretError};
