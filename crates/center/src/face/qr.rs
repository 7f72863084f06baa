//! A QR code as inline SVG: dark squares on white, with the quiet zone readers need.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};
use qrcodegen::{QrCode, QrCodeEcc};

/// Squares around the code.
const QUIET: i32 = 4;

/// The code of a text; nothing for one that is too long for any.
pub(crate) fn svg(text: &str, name: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let (size, mut path) = (code.size(), String::new());
    let squares = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    for (x, y) in squares.filter(|(x, y)| code.get_module(*x, *y)) {
        // Writing to a text does not fail.
        let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
    }
    let whole = size + 2 * QUIET;
    html! {
        svg.qr viewBox={ "0 0 " (whole) " " (whole) } role="img" aria-label=(name) xmlns="http://www.w3.org/2000/svg" {
            path d=(PreEscaped(path)) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_quiet_zone_and_squares() {
        let drawn = svg("F350000-2026-000001 0011223344556677", "二维码").into_string();
        assert!(drawn.contains("viewBox=\"0 0 33 33\"") && drawn.contains("M4,4h1v1h-1z"), "{drawn}");
        assert_eq!(svg(&"长".repeat(3_000), "").into_string(), "");
    }
}
