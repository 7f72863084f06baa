//! Bars, drawn by the page itself and read without color: what is confirmed is hatched, what is declined is dotted, and
//! all numbers stand in the table below.

use maud::{Markup, html};

use crate::statistics::figure::{Figure, Figures};

/// The height of the highest bar, and of the whole, in units of the drawing.
const HEIGHT: i64 = 160;
const BELOW: i64 = 24;
/// Width of a group of bars, and of one of them.
const GROUP: i64 = 30;
const BAR: i64 = 8;
/// Groups that have their name below them, at most.
const NAMED: usize = 12;

/// Asked, confirmed and declined beside each other, for each of these.
pub(super) fn bars(rows: &[(String, Figures)]) -> Markup {
    let most = rows.iter().map(|(_, figures)| figures[Figure::Asked]).max().unwrap_or_default().max(1);
    let width = GROUP * i64::try_from(rows.len()).unwrap_or(i64::MAX / GROUP).max(1);
    let every = rows.len().div_ceil(NAMED).max(1);
    html! {
        figure.chart {
            div.scroll tabindex="0" role="region" aria-label="图" {
                svg role="img" aria-label="各时段发起、确认、未成的数量，数字见下表"
                    viewBox={ "0 0 " (width) " " (HEIGHT + BELOW) } width=(width) height=(HEIGHT + BELOW)
                {
                    defs {
                        pattern id="hatched" width="4" height="4" patternUnits="userSpaceOnUse" {
                            path d="M0 4 L4 0" class="line" {}
                        }
                        pattern id="dotted" width="4" height="4" patternUnits="userSpaceOnUse" {
                            circle cx="2" cy="2" r="1" class="dot" {}
                        }
                    }
                    @for (at, (name, figures)) in rows.iter().enumerate() {
                        (group(i64::try_from(at).unwrap_or_default() * GROUP, figures, most))
                        @if at % every == 0 {
                            text x=(i64::try_from(at).unwrap_or_default() * GROUP) y=(HEIGHT + 16) { (short(name)) }
                        }
                    }
                }
            }
            figcaption {
                span.sample.asked {} "发起 " span.sample.confirmed {} "确认（斜线） " span.sample.declined {} "取消、非本人、失败、未送达（点） "
                span.soft { "最高 " (most) }
            }
        }
    }
}

fn group(x: i64, figures: &Figures, most: i64) -> Markup {
    let bars = [
        ("asked", None, figures[Figure::Asked]),
        ("confirmed", Some("url(#hatched)"), figures.confirmed()),
        ("declined", Some("url(#dotted)"), figures.declined() + figures[Figure::Undelivered]),
    ];
    html! {
        @for (place, (class, fill, count)) in (0_i64..).zip(bars) {
            @let height = (count * HEIGHT / most).clamp(i64::from(count > 0), HEIGHT);
            rect class=(class) fill=[fill] x=(x + place * BAR) y=(HEIGHT - height) width=(BAR - 1) height=(height) {}
        }
    }
}

/// The end of a day or an hour: `11-23` of 20261123, `15` of 2026112315; other names as they are.
fn short(name: &str) -> String {
    match name.len() {
        8 => format!("{}-{}", &name[4..6], &name[6..]),
        10 => name[8..].to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_has_the_height_and_what_is_there_is_seen() {
        let mut figures = Figures::default();
        figures[Figure::Asked] = 1_000;
        figures[Figure::Face] = 1;
        let text = bars(&[("20261123".to_owned(), figures)]).into_string();
        assert!(text.contains("height=\"160\"") && text.contains("height=\"1\""), "{text}");
        assert!(text.contains("11-23") && text.contains("最高 1000"), "{text}");
        assert_eq!(short("2026112315"), "15");
        assert!(bars(&[]).into_string().contains("svg"));
    }
}
