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
        let texts = causes.filter_map(|cause| match cause.downcast_ref::<std::io::Error>() {
            Some(system) => Some(words(system).into_owned()),
            None => own_words(cause),
        });
        Self(texts.fold(what.to_owned(), |text, cause| format!("{text}：{cause}")))
    }
}

/// What an error says beyond its cause. Libraries repeat the cause behind their own, English words, which say nothing then.
fn own_words(error: &(dyn Error + 'static)) -> Option<String> {
    let text = error.to_string();
    let cause = error.source().map(ToString::to_string);
    let repeated = cause.is_some_and(|cause| text.ends_with(&cause));
    (!(repeated && text.is_ascii())).then_some(text)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
