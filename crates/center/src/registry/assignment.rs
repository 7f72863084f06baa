//! An update of one entry: some of its columns, and only while it is not closed.

use yanmi_protocol::UnixMillis;

use super::object::Subject;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Kind, Statement, Value};

/// What a column becomes.
enum Assigned {
    /// This value.
    Value(Kind, Value),
    /// What another column has.
    Column(&'static str),
}

/// Columns of one row, each with what it becomes.
#[derive(Default)]
pub(super) struct Assignments(Vec<(&'static str, Assigned)>);

impl Assignments {
    fn with(mut self, column: &'static str, kind: Kind, value: Value) -> Self {
        self.0.push((column, Assigned::Value(kind, value)));
        self
    }

    pub(super) fn text(self, column: &'static str, value: &str) -> Self {
        self.with(column, Text, Value::Text(value.to_owned()))
    }

    pub(super) fn optional_text(self, column: &'static str, value: Option<&str>) -> Self {
        self.with(column, Text, value.map_or(Value::Null, |text| Value::Text(text.to_owned())))
    }

    pub(super) fn flag(self, column: &'static str, value: bool) -> Self {
        self.with(column, Number, Value::Number(i64::from(value)))
    }

    pub(super) fn optional_number(self, column: &'static str, value: Option<i64>) -> Self {
        self.with(column, Number, value.map_or(Value::Null, Value::Number))
    }

    pub(super) fn bytes(self, column: &'static str, value: &[u8]) -> Self {
        self.with(column, Bytes, Value::Bytes(value.to_vec()))
    }

    pub(super) fn no_bytes(self, column: &'static str) -> Self {
        self.with(column, Bytes, Value::Null)
    }

    pub(super) fn column(mut self, column: &'static str, from: &'static str) -> Self {
        self.0.push((column, Assigned::Column(from)));
        self
    }

    /// The statement that makes them of this entry; it touches no row when there is none or it is closed.
    pub(super) fn of(self, subject: impl Into<Subject>, at: UnixMillis) -> Statement {
        let subject = subject.into();
        let row = subject.row();
        let mut words = Vec::with_capacity(self.0.len());
        let mut values = Vec::with_capacity(self.0.len());
        for (column, assigned) in self.0 {
            match assigned {
                Assigned::Column(from) => words.push(format!("{column} = {from}")),
                Assigned::Value(kind, value) => {
                    values.push((kind, value));
                    // The first two are the key and the time.
                    words.push(format!("{column} = ${}", values.len() + 2));
                }
            }
        }
        words.push("changed_at = $2".to_owned());
        let text = format!(
            "UPDATE {} SET {} WHERE {} = $1 AND closed_at IS NULL",
            row.table,
            words.join(", "),
            row.key
        );
        let statement = Statement::composed(text).text(row.id).number(at.get());
        values.into_iter().fold(statement, |statement, (kind, value)| statement.with(kind, value))
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::OrgCode;

    use super::*;
    use crate::registry::Object;

    #[test]
    fn parameters_are_numbered_past_columns() {
        let object = Object::Institution(OrgCode::new("H35010000001").expect("a code"));
        let assignments =
            Assignments::default().column("a", "b").text("c", "x").column("d", "e").flag("f", true);
        assert_eq!(
            assignments.of(object, UnixMillis::new(7)).words(),
            "UPDATE institutions SET a = b, c = $3, d = e, f = $4, changed_at = $2 \
             WHERE org_code = $1 AND closed_at IS NULL"
        );
    }
}
