//! How a command fails: with a Chinese sentence, and everything behind it.

use std::error::Error;
use std::fmt;

use yanmi_protocol::system::words;

/// A command did not do what it was asked; exit code 1.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What was being done, and the error with its causes.
    pub(crate) fn because(what: &str, error: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| <dyn Error>::source(*error));
        let texts = causes.map(|cause| match cause.downcast_ref::<std::io::Error>() {
            Some(system) => words(system).into_owned(),
            None => cause.to_string(),
        });
        Self(texts.fold(what.to_owned(), |text, cause| format!("{text}：{cause}")))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
