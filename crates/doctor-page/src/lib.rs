//! The tool kit's page, `doctor.html`: one file that works from a memory stick, without a network.
//!
//! It is put together from a frame, a style sheet, a script and the program of this crate compiled for `wasm32-wasip1`
//! ([`TARGET`]). A policy within the page lets it run its own script and nothing else, and load or send nothing: what
//! somebody pastes cannot leave it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// What the program is compiled for: it reads and writes as any other, so a page needs no glue that is made for it, and
/// there is no unsafe code.
pub const TARGET: &str = "wasm32-wasip1";

const FRAME: &str = include_str!("doctor.html");
const STYLE: &str = include_str!("doctor.css");
const SCRIPT: &str = include_str!("doctor.js");

/// The page with this program in it.
pub fn page(program: &[u8]) -> String {
    let script = SCRIPT.replace("{{PROGRAM}}", &BASE64.encode(program));
    FRAME
        .replace("{{STYLE}}", &source(STYLE))
        .replace("{{SCRIPT}}", &source(&script))
        .replace("{{STYLE_TEXT}}", STYLE)
        .replace("{{SCRIPT_TEXT}}", &script)
}

/// A text as a policy names it.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}
