//! How personal data looks wherever it is shown: in pages, notices, logs and error texts.
//!
//! A name keeps its last character (`*试`), an identity number its first and last, a telephone number its last four, a token its
//! last eight.

/// A person's name with all but its last character hidden. A name of one character is hidden whole.
pub fn name(name: &str) -> String {
    let count = name.chars().count();
    match (count, name.chars().last()) {
        (0 | 1, _) | (_, None) => "*".repeat(count),
        (_, Some(last)) => {
            let mut out = "*".repeat(count - 1);
            out.push(last);
            out
        }
    }
}

/// An identity number with all but its first and last character hidden; of two or fewer, everything.
pub fn identity_number(number: &str) -> String {
    let count = number.chars().count();
    match (number.chars().next(), number.chars().last()) {
        (Some(first), Some(last)) if count > 2 => {
            let mut out = String::with_capacity(count);
            out.push(first);
            out.push_str(&"*".repeat(count - 2));
            out.push(last);
            out
        }
        _ => "*".repeat(count),
    }
}

/// A telephone number with all but its last four characters hidden; of four or fewer, everything.
pub fn phone(phone: &str) -> String {
    let count = phone.chars().count();
    let hidden = if count > 4 { count - 4 } else { count };
    phone.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

/// A token with all but its last eight characters replaced by one ellipsis; a shorter one is hidden whole.
pub fn token(token: &str) -> String {
    let tail = token.len().checked_sub(8).filter(|at| *at > 0).and_then(|at| token.get(at..));
    format!("…{}", tail.unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        for (plain, masked) in [("测试", "*试"), ("欧阳丰", "**丰"), ("王", "*"), ("", ""), ("𠮷野", "*野")]
        {
            assert_eq!(name(plain), masked);
        }
        for (plain, masked) in
            [("350501199911173510", "3****************0"), ("AB", "**"), ("ABC", "A*C"), ("", "")]
        {
            assert_eq!(identity_number(plain), masked);
        }
        for (plain, masked) in
            [("13900001234", "*******1234"), ("0591-8765432", "********5432"), ("1234", "****"), ("", "")]
        {
            assert_eq!(phone(plain), masked);
        }
        for (plain, masked) in [
            ("350000ec7ioqup8p1o0761820a0000f1f8b13d", "…f1f8b13d"),
            ("12345678", "…"),
            ("", "…"),
            ("甲乙丙丁", "…"),
        ] {
            assert_eq!(token(plain), masked);
        }
    }
}
