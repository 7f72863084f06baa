//! A link that opens the clerk's page once.

use crate::office::Office;
use crate::shapes::Link;

/// Where a link leads, below the agent's address.
pub(crate) const PATH: &str = "/login";

/// Makes a link.
pub(crate) fn link(office: &Office) -> Link {
    let (word, until) = office.keys.new_link(&*office.ambient);
    Link { url: format!("{}{PATH}?link={word}", office.url()), expires_at: until.to_string() }
}
