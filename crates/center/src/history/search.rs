//! Searching the audit, which has no index by what is sought: within a span of time, or hour by hour outwards.

use std::time::Duration;

use tokio::time::Instant;
use yanmi_protocol::{EcToken, UnixMillis};

use super::outwards::{Outwards, SearchProgress};
use super::{Between, History};
use crate::store::StoreError;
use crate::store::connection::Statement;
use crate::store::row::Columns;
use crate::store::span::AUDIT;

/// How long a visit may last of which nothing but one moment is known.
pub(super) const VISIT: Duration = Duration::from_hours(2);
/// How long one search begins new hours. A visit that is found has to be read after it.
const SEARCH_WITHIN: Duration = Duration::from_secs(8);
/// Hours of one search, over all that goes on from it: more than the audit is kept for.
const MOST_HOURS: u32 = 24 * 366 * 30;

const FIRST_OF_TOKEN: &str =
    "SELECT at, token FROM audit WHERE id >= $1 AND id < $2 AND token = $3 ORDER BY id LIMIT 1";
const FIRST_OF_NUMBER: &str = "SELECT at, token FROM audit WHERE id >= $1 AND id < $2 \
    AND (serial = $3 OR notice = $3) AND token IS NOT NULL ORDER BY id LIMIT 1";

/// Every statement that has to find its rows by an index.
#[cfg(test)]
pub(crate) const BY_INDEX: [(&str, &str); 2] =
    [(FIRST_OF_TOKEN, "PRIMARY KEY"), (FIRST_OF_NUMBER, "PRIMARY KEY")];

/// What the audit is searched for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sought {
    Token(EcToken),
    /// The number of a serial or a notice.
    Number(i64),
}

impl Sought {
    fn statement(self, first: i64, behind: i64) -> Statement {
        let within = |text| Statement::new(text).number(first).number(behind);
        match self {
            Self::Token(token) => within(FIRST_OF_TOKEN).text(token.as_str()),
            Self::Number(number) => within(FIRST_OF_NUMBER).number(number),
        }
    }
}

/// What comes of looking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Find {
    /// The token of the first row, and when it was written.
    pub(super) found: Option<(EcToken, UnixMillis)>,
    /// Whether there was more than is read for one question.
    pub(super) cut: bool,
}

impl History {
    /// The first row of a span that is about what is sought.
    pub(super) async fn first_of(&mut self, sought: Sought, between: Between) -> Result<Find, StoreError> {
        let mut span = AUDIT.span(&mut self.connection, between).await?;
        while let Some((first, behind)) = span.part(&mut self.connection).await? {
            let rows = self.connection.fetch(sought.statement(first, behind)).await?;
            if let Some(row) = rows.iter().next() {
                let mut columns = Columns::new(row, "audit");
                let (at, token) = (columns.time()?, columns.optional_token()?);
                return Ok(Find { found: token.map(|token| (token, at)), cut: false });
            }
        }
        Ok(Find { found: None, cut: span.is_cut() })
    }

    /// Searches outwards from where a search before ended, and tells how far this one went.
    pub(super) async fn search(
        &mut self,
        sought: Sought,
        from: Outwards,
        now: UnixMillis,
    ) -> Result<(Find, SearchProgress), StoreError> {
        let begun = Instant::now();
        let oldest = AUDIT.first_from(&mut self.connection, 0).await?.map_or(now, |(_, at)| at);
        let (mut outwards, mut find, mut rest) = (from, Find { found: None, cut: false }, true);
        while rest && begun.elapsed() < SEARCH_WITHIN && outwards.done < MOST_HOURS {
            let hour = outwards.hour();
            if hour.to > oldest && hour.from <= now {
                find = self.first_of(sought, hour).await?;
            }
            if find.cut {
                break;
            }
            outwards.done += 1;
            let around = outwards.searched();
            rest =
                find.found.is_none() && around.is_none_or(|Between { from, to }| from > oldest || to <= now);
        }
        let next = (rest && !find.cut).then_some(outwards);
        Ok((find, SearchProgress { searched: outwards.searched(), next }))
    }
}
