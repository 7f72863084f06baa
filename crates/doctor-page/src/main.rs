//! The program inside the tool kit's page, `doctor.html`.
//!
//! It is the same doctor as that of `yanmi open`, compiled for browsers. A page gives it one question as JSON on the standard
//! input and reads one answer, as JSON, from the standard output; each question gets a process of its own, so nothing of a
//! key stays behind. WASI is what makes that possible without a line of unsafe code: the page brings the three or four of its
//! functions that are used here (decision 0057).
//!
//! # Bounds
//! A question has at most [`MAX_QUESTION`] bytes; what is in it is bound by the doctor and by the protocol.

mod answer;
mod macs;
mod question;

use std::io::{Read, Write};
use std::process::ExitCode;

use crate::answer::Answer;
use crate::question::Question;

/// Bytes of the largest question: whatever somebody pastes by mistake is told to be too long, not lost.
const MAX_QUESTION: u64 = 4 * 1024 * 1024;

fn main() -> ExitCode {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_QUESTION).read_to_string(&mut text);
    let question: Option<Question> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    let answer = question
        .map_or_else(|| Answer::bad("内容太长，或不是文本：粘贴一段报文或 encData。"), Question::answer);
    let Ok(written) = serde_json::to_string(&answer) else { return ExitCode::FAILURE };
    match std::io::stdout().write_all(written.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
