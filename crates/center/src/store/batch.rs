//! Many rows in one statement: the one place where the databases differ.
//!
//! A batch travels as one parameter, a JSON array of arrays, which `SQLite` takes apart with `json_each`. Values are
//! numbers, texts and null; bytes are hexadecimal digits and come back with `unhex`.

use std::fmt::Write;

/// The rows of one batch parameter.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    json: String,
    count: usize,
}

/// One row being written.
#[derive(Debug)]
pub(crate) struct RowWriter<'a> {
    json: &'a mut String,
    first: bool,
}

impl Rows {
    /// Adds one row, whose values `write` puts in order.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) {
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.json.push('[');
        write(&mut RowWriter { json: &mut self.json, first: true });
        self.json.push(']');
        self.count += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The parameter.
    pub(crate) fn into_parameter(mut self) -> String {
        self.json.push_str(if self.count == 0 { "[]" } else { "]" });
        self.json
    }
}

impl RowWriter<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.json.push(',');
        }
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.separate();
        self.json.push_str("null");
        self
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.separate();
        // Writing text into memory cannot fail.
        let _ = write!(self.json, "{value}");
        self
    }

    pub(crate) fn optional_number(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.number(value),
            None => self.null(),
        }
    }

    /// A text of letters, digits and `-_.`, which needs no escapes.
    pub(crate) fn plain(&mut self, value: &str) -> &mut Self {
        debug_assert!(
            value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'),
            "not a plain text"
        );
        self.separate();
        self.json.push('"');
        self.json.push_str(value);
        self.json.push('"');
        self
    }

    pub(crate) fn optional_plain(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    /// Any text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.separate();
        self.json.push_str(&serde_json::to_string(value).unwrap_or_default());
        self
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.separate();
        self.json.push('"');
        for byte in value {
            self.json.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.json.push(char::from(DIGITS[usize::from(byte & 0x0F)]));
        }
        self.json.push('"');
        self
    }

    pub(crate) fn optional_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(value) => self.bytes(value),
            None => self.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_one_json_text() {
        let mut rows = Rows::default();
        assert!(rows.is_empty());
        rows.push(|row| {
            row.number(1).plain("A-1").text("甲\"").null().bytes(&[0, 0xAB]).optional_number(None);
        });
        rows.push(|row| {
            row.optional_plain(None).optional_text(Some("b")).optional_bytes(None);
        });
        assert_eq!(rows.into_parameter(), r#"[[1,"A-1","甲\"",null,"00AB",null],[null,"b",null]]"#);
        assert_eq!(Rows::default().into_parameter(), "[]");
    }
}
