//! Names of cells.

/// The name of a cell as spreadsheets show it: row 17 and the third column are `C17`.
pub fn cell_name(row: u32, column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        // Below 26.
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().chain(row.to_string().chars().collect::<Vec<_>>().iter()).collect()
}

/// Row and column of a name; nothing for what is none.
pub(crate) fn cell_place(name: &str) -> Option<(u32, usize)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = name.split_at(digits);
    // XFD is the last column of a spreadsheet.
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let column = letters.bytes().fold(0, |column, b| column * 26 + usize::from(b - b'A') + 1) - 1;
    let row = row.parse().ok().filter(|row| *row > 0)?;
    Some((row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places() {
        for (name, row, column) in
            [("A1", 1, 0), ("C17", 17, 2), ("Z9", 9, 25), ("AA10", 10, 26), ("XFD1048576", 1_048_576, 16_383)]
        {
            assert_eq!(cell_name(row, column), name);
            assert_eq!(cell_place(name), Some((row, column)));
        }
        for name in ["", "A", "1", "A0", "a1", "ABCD1", "A1B", "甲1", "A-1", "A99999999999"] {
            assert_eq!(cell_place(name), None, "{name}");
        }
    }
}
