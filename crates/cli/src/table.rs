//! Tables for the terminal, aligned although Chinese characters are twice as wide.

/// Rows under a heading, each column as wide as its widest cell.
pub(crate) fn text<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|at| {
        rows.iter().map(|row| width(&row[at])).chain([width(heading[at])]).max().unwrap_or(0)
    });
    let mut out = line(&heading.map(str::to_owned), &widths);
    for row in rows {
        out.push_str(&line(row, &widths));
    }
    out
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let mut out = String::new();
    for (cell, width_of_column) in cells.iter().zip(widths) {
        out.push_str(cell);
        out.push_str(&" ".repeat(width_of_column - width(cell) + 2));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Columns a text takes on a terminal: two for characters of Chinese and the like.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x20000..=0x3FFFD);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up() {
        let rows = [["甲".to_owned(), "x".to_owned()], ["abc".to_owned(), "y".to_owned()]];
        assert_eq!(super::text(["名", "z"], &rows), "名   z\n甲   x\nabc  y\n");
    }
}
