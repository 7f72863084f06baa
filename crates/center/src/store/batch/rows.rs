//! Rows that go to the database as the parameters of one statement.

use crate::store::connection::{Kind, Value};

/// The rows of a batch, all of one width. The first column of a row is never null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(super) values: Vec<Value>,
    /// The type of each column, as the first row has it.
    pub(super) kinds: Vec<Kind>,
    pub(super) count: usize,
}

/// One row being written.
#[derive(Debug)]
pub(crate) struct RowWriter<'a>(&'a mut Rows);

impl Rows {
    /// Adds one row, whose values `write` puts in order.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) {
        write(&mut RowWriter(self));
        self.count += 1;
    }

    /// The values of one row.
    pub(crate) fn row(&self, at: usize) -> &[Value] {
        &self.values[at * self.width()..(at + 1) * self.width()]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn width(&self) -> usize {
        self.kinds.len()
    }

    /// The rows to keep, in the order of their first `key` columns: of those that are alike in them the last one. All as they
    /// are when `key` is 0.
    pub(super) fn distinct(&self, key: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.count).collect();
        if key > 0 {
            let key_of = |row: usize| &self.row(row)[..key];
            order.sort_by(|one, other| key_of(*one).cmp(key_of(*other)));
            // The sort keeps the order of rows that are alike; of those the last is kept.
            order.reverse();
            order.dedup_by(|one, other| key_of(*one) == key_of(*other));
            order.reverse();
        }
        order
    }

    /// These rows only.
    pub(super) fn only(self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|row| self.row(*row)).cloned().collect();
        Self { values, count: rows.len(), kinds: self.kinds }
    }
}

impl RowWriter<'_> {
    pub(crate) fn put(&mut self, kind: Kind, value: Value) -> &mut Self {
        if self.0.count == 0 {
            self.0.kinds.push(kind);
        }
        self.0.values.push(value);
        self
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.put(Kind::Number, Value::Number(value))
    }

    pub(crate) fn optional_number(&mut self, value: Option<i64>) -> &mut Self {
        self.put(Kind::Number, value.map_or(Value::Null, Value::Number))
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.put(Kind::Text, Value::Text(value.to_owned()))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.put(Kind::Text, value.map_or(Value::Null, |value| Value::Text(value.to_owned())))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.put(Kind::Bytes, Value::Bytes(value.to_vec()))
    }

    pub(crate) fn optional_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        self.put(Kind::Bytes, value.map_or(Value::Null, |value| Value::Bytes(value.to_vec())))
    }
}
