//! What was refused: rows of `calls` by who asked, or all of a time.

use yanmi_protocol::UnixMillis;

use super::{Between, History, Refused, lost_between, refused, refused_columns};
use crate::store::StoreError;
use crate::store::connection::{Found, Statement};
use crate::store::row::Columns;
use crate::store::span::CALLS;

/// Rows that are read for one question.
const MOST: usize = 200_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of which account, channel or institution; nothing for all.
    pub org: Option<String>,
    /// When.
    pub between: Between,
}

/// One refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// When.
    pub at: UnixMillis,
    /// What.
    pub refused: Refused,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Denials {
    /// In the order of time.
    pub rows: Vec<Denial>,
    /// How many of any kind could not be written down in that time.
    pub lost: u64,
    /// Whether there was more than is read for one question.
    pub cut: bool,
}

const OF_ORG_ID: &str = concat!(
    "SELECT ",
    refused_columns!(),
    " FROM calls WHERE org_id = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT 200000"
);
const OF_ORG_CODE: &str = concat!(
    "SELECT ",
    refused_columns!(),
    " FROM calls WHERE org_code = $1 AND at >= $2 AND at < $3 AND coalesce(org_id, '') <> $1 ORDER BY at LIMIT 200000"
);
const OF_NOBODY: &str = lost_between!("200000");
const OF_ALL: &str = concat!(
    "SELECT ",
    refused_columns!(),
    " FROM calls WHERE id >= $1 AND id < $2 AND at >= $3 AND at < $4 ORDER BY id"
);

/// Every statement that has to find its rows by an index.
#[cfg(test)]
pub(crate) const BY_INDEX: [(&str, &str); 4] = [
    (OF_ORG_ID, "calls_by_org_id"),
    (OF_ORG_CODE, "calls_by_org_code"),
    (OF_NOBODY, "calls_by_org_id"),
    (OF_ALL, "PRIMARY KEY"),
];

impl History {
    /// What was refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn denied(&mut self, filter: &Filter) -> Result<Denials, StoreError> {
        let mut out = Denials::default();
        let Between { from, to } = filter.between;
        if let Some(org) = &filter.org {
            for text in [OF_ORG_ID, OF_ORG_CODE] {
                let statement = Statement::new(text).text(org).number(from.get()).number(to.get());
                out.take(&self.connection.fetch(statement).await?)?;
            }
            out.rows.sort_by_key(|row| row.at);
            let lost = Statement::new(OF_NOBODY).number(from.get()).number(to.get());
            out.take(&self.connection.fetch(lost).await?)?;
        } else {
            let mut span = CALLS.span(&mut self.connection, filter.between).await?;
            while !out.cut
                && let Some((first, behind)) = span.part(&mut self.connection).await?
            {
                let statement = Statement::new(OF_ALL).number(first).number(behind);
                let statement = statement.number(from.get()).number(to.get());
                out.take(&self.connection.fetch(statement).await?)?;
            }
            out.cut |= span.is_cut();
        }
        Ok(out)
    }
}

impl Denials {
    fn take(&mut self, found: &Found) -> Result<(), StoreError> {
        for row in found.iter() {
            let (at, refused) = refused(&mut Columns::new(row, "calls"))?;
            if refused.op == super::LOST {
                self.lost += refused.count();
            } else if self.rows.len() < MOST {
                self.rows.push(Denial { at, refused });
            } else {
                self.cut = true;
            }
        }
        self.cut |= found.len() >= MOST;
        Ok(())
    }
}
