//! What every answer is made with, a program's and the page's: the office, and the rooms its calls run in.

use std::sync::Arc;

use crate::office::Office;
use crate::pool::Pool;

/// The office and the rooms.
pub(crate) struct Service {
    pub(crate) office: Arc<Office>,
    pub(crate) pool: Pool,
}

impl Service {
    pub(crate) fn new(office: Arc<Office>, pool: Pool) -> Self {
        Self { office, pool }
    }
}
