//! What happened to one code, or at one institution.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_protocol::{EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis, mask};
use yanmi_verification::{Event, Verification};

use super::explain::{Explanation, Happened, StepKind, explain};
use super::outwards::{Outwards, SearchProgress, When};
use super::search::{Find, Sought, VISIT};
use super::{Between, History, lost_between, refused, refused_columns};
use crate::journey::credential::Holder;
use crate::store::StoreError;
use crate::store::connection::Statement;
use crate::store::row::{Columns, signed};
use crate::store::span::{AUDIT, Span};

/// Events and refusals of one answer.
const MOST_FOUND: usize = 5_000;
/// How long after the last that is known of a verification something may still have happened to it.
const AFTER: Duration = Duration::from_hours(1);
/// Around the moment that a serial tells.
const AROUND: Duration = Duration::from_mins(2);

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// A code.
    Token(EcToken),
    /// A serial (`resBizNo`): its number, and the moment its digits tell.
    Serial(i64, UnixMillis),
    /// A notice (`notcNo`).
    Notice(NoticeNo),
    /// Everything at an institution.
    Org(OrgCode),
}

/// A text that is no `resBizNo`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("应为 27 位数字：13 位编号与 14 位时间")]
pub struct QuestionError;

impl Question {
    /// A serial (`resBizNo`), whose digits tell its number and its moment.
    ///
    /// # Errors
    /// When they do not.
    pub fn serial(text: &str) -> Result<Self, QuestionError> {
        let within = |at: &UnixMillis| UnixMillis::new(0) < *at && *at < UnixMillis::MAX;
        let at = SerialNo::made_at(text).filter(within).ok_or(QuestionError)?;
        let number = text.get(..13).and_then(|digits| digits.parse().ok()).ok_or(QuestionError)?;
        Ok(Self::Serial(number, at))
    }
}

/// What happened to one code at one institution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The code; nothing for what was refused before one was known.
    pub token: Option<EcToken>,
    /// The institution.
    pub org_code: Option<OrgCode>,
    /// Its registered name.
    pub org_name: Option<String>,
    /// The person, masked: name and document.
    pub holder: Option<(String, String)>,
    /// In the order of time.
    pub happened: Vec<Happened>,
    /// The conclusion.
    pub explanation: Explanation,
    /// The notice that can be answered still.
    pub open: Option<NoticeNo>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// One for each code and institution, in the order of their beginnings.
    pub stories: Vec<Story>,
    /// The names of channels that occur, by their codes.
    pub channels: BTreeMap<String, String>,
    /// In what time the audit was read; nothing when it was not known where to look.
    pub read: Option<Between>,
    /// How far a search around a moment went, where nothing else told the time.
    pub search: Option<SearchProgress>,
    /// Whether there was more than is read for one question.
    pub cut: bool,
    /// Refusals of these accounts in that time that were summed and not written one by one.
    pub summed: u64,
    /// Refusals of anybody in that time that could not be written down.
    pub lost: u64,
}

type StoryKey = (Option<EcToken>, Option<OrgCode>);

/// What a trace gathers.
#[derive(Debug, Default)]
struct Gathered {
    found: BTreeMap<StoryKey, Vec<Happened>>,
    count: usize,
    cut: bool,
}

impl Gathered {
    fn push(&mut self, key: StoryKey, one: Happened) {
        if self.count < MOST_FOUND {
            self.count += 1;
            self.found.entry(key).or_default().push(one);
        } else {
            self.cut = true;
        }
    }
}

macro_rules! audited {
    ($condition:literal) => {
        concat!(
            "SELECT at, event, token, org_code, channel, notice, amount, detail FROM audit \
                WHERE id >= $1 AND id < $2 AND ",
            $condition,
            " ORDER BY id"
        )
    };
}

const AUDIT_OF_TOKEN: &str = audited!("token = $3");
const AUDIT_OF_ORG: &str = audited!("org_code = $3 AND at >= $4 AND at < $5");
const TOKEN_OF_NOTICE: &str = "SELECT token FROM verifications WHERE notice = $1";
const VERIFICATIONS: &str = "SELECT org_code, attempt, notice, serial, serial_at, amount, asked_at, expires_at, notices, \
    first_at, state, state_at, reason, valid_until FROM verifications WHERE token = $1";
const DECODED: &str = "SELECT decoded_at, holder FROM tokens WHERE token = $1";
const CALLS_OF_TOKEN: &str = concat!(
    "SELECT token, notice, ",
    refused_columns!(),
    " FROM calls WHERE token = $1 ORDER BY id LIMIT 5000"
);
const CALLS_OF_ORG: &str = concat!(
    "SELECT token, notice, ",
    refused_columns!(),
    " FROM calls WHERE org_code = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT 5000"
);
const SUMMED_OF_ORG: &str = concat!(
    "SELECT ",
    refused_columns!(),
    " FROM calls WHERE org_id = (SELECT org_id FROM institutions WHERE org_code = $1) \
        AND at >= $2 AND at < $3 AND op = 'summed' ORDER BY at LIMIT 5000"
);
const LOST_BETWEEN: &str = lost_between!("5000");

/// Every statement that has to find its rows by an index.
#[cfg(test)]
pub(crate) const BY_INDEX: [(&str, &str); 8] = [
    (AUDIT_OF_TOKEN, "PRIMARY KEY"),
    (AUDIT_OF_ORG, "PRIMARY KEY"),
    (TOKEN_OF_NOTICE, "verifications_by_notice"),
    (VERIFICATIONS, "sqlite_autoindex_verifications_1"),
    (CALLS_OF_TOKEN, "calls_by_token"),
    (CALLS_OF_ORG, "calls_by_org_code"),
    (SUMMED_OF_ORG, "calls_by_org_id"),
    (LOST_BETWEEN, "calls_by_org_id"),
];

/// What is stored about a token.
#[derive(Debug, Default)]
struct KnownToken {
    verifications: Vec<(OrgCode, Verification)>,
    holder: Option<(String, String)>,
    decoded_at: Option<UnixMillis>,
}

/// What was read for the stories before.
#[derive(Debug, Default)]
struct StoredNotice {
    token: Option<EcToken>,
    known: KnownToken,
    names: BTreeMap<OrgCode, Option<String>>,
}

impl KnownToken {
    /// In what time things happened to it.
    fn between(&self) -> Option<Between> {
        let begun = self.verifications.iter().map(|(_, v)| v.first_at).chain(self.decoded_at).min()?;
        let ends = self.verifications.iter().flat_map(|(_, v)| {
            let columns = crate::ledger::table::verifications::state_columns(v.state);
            [Some(v.expires_at), Some(v.asked_at), columns.at, columns.valid_until].into_iter().flatten()
        });
        let end = ends.chain(self.decoded_at).max()?;
        Some(Between { from: begun.minus(AROUND), to: end.plus(AFTER) })
    }
}

impl History {
    /// What happened. Where nothing tells when, `when` has to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trace(
        &mut self,
        question: Question,
        when: Option<When>,
        now: UnixMillis,
    ) -> Result<Trace, StoreError> {
        let mut trace = Trace::default();
        let mut gathered = Gathered::default();
        let (token, between) = match question {
            Question::Org(code) => {
                let between = when.map(When::span);
                self.of_org(code, between, &mut gathered, &mut trace).await?;
                (None, between)
            }
            Question::Token(token) => self.time_of_token(token, when, now, &mut trace).await?,
            Question::Notice(notice) => self.token_of_notice(notice, when, now, &mut trace).await?,
            Question::Serial(number, at) => {
                let around = Between { from: at.minus(AROUND), to: at.plus(AROUND) };
                let found = self.look_within(Sought::Number(number), around, &mut trace).await?;
                let visit = Between { from: at.minus(AROUND), to: at.plus(VISIT) };
                // A serial tells its moment better than somebody who remembers.
                (found.map(|(token, _)| token), when.and_then(When::between).or(Some(visit)))
            }
        };
        let mut stored = StoredNotice::default();
        if let Some(token) = token {
            stored.known = self.of_token(token, between, &mut gathered, &mut trace).await?;
            stored.token = Some(token);
        }
        trace.cut |= gathered.cut;
        for (key, happened) in gathered.found {
            let story = self.told(key, happened, &mut stored, now).await?;
            trace.stories.push(story);
        }
        trace.stories.sort_by_key(|story| story.happened.first().map(|one| one.at));
        self.count_missing(&mut trace).await?;
        trace.channels = self.channels().await?;
        Ok(trace)
    }

    /// The holder of a code in full, as long as that is kept: name, type and number of the document.
    pub(crate) async fn holder(
        &mut self,
        token: &EcToken,
    ) -> Result<Option<(String, String, String)>, StoreError> {
        let found = self.connection.fetch(Statement::new(DECODED).text(token.as_str())).await?;
        let Some(row) = found.iter().next() else { return Ok(None) };
        let mut columns = Columns::new(row, "tokens");
        columns.time()?;
        // One that does not open is not shown.
        let holder = Holder::open(&self.sealer, *token, columns.bytes()?).ok();
        Ok(holder.map(|holder| (holder.name, holder.id_type, holder.id_no)))
    }

    /// In which time things happened to a token, as far as it is stored nowhere: as it is told, or as it is found.
    async fn time_of_token(
        &mut self,
        token: EcToken,
        when: Option<When>,
        now: UnixMillis,
        trace: &mut Trace,
    ) -> Result<(Option<EcToken>, Option<Between>), StoreError> {
        let found = match when {
            Some(When::Around(outwards)) if self.known(token).await?.between().is_none() => {
                self.look_around(Sought::Token(token), outwards, now, trace).await?.map(|(_, visit)| visit)
            }
            _ => None,
        };
        Ok((Some(token), found.or(when.and_then(When::between))))
    }

    /// The token of a notice: of a live one by its number, of an older one by the audit.
    async fn token_of_notice(
        &mut self,
        notice: NoticeNo,
        when: Option<When>,
        now: UnixMillis,
        trace: &mut Trace,
    ) -> Result<(Option<EcToken>, Option<Between>), StoreError> {
        let number = signed(notice.number());
        let between = when.and_then(When::between);
        let found = self.connection.fetch(Statement::new(TOKEN_OF_NOTICE).number(number)).await?;
        if let Some(row) = found.iter().next() {
            return Ok((Columns::new(row, "verifications").optional_token()?, between));
        }
        let sought = Sought::Number(number);
        match when {
            None => Ok((None, None)),
            Some(When::Between(between)) => {
                let found = self.look_within(sought, between, trace).await?;
                Ok((found.map(|(token, _)| token), Some(between)))
            }
            Some(When::Around(outwards)) => Ok(self.look_around(sought, outwards, now, trace).await?.unzip()),
        }
    }

    async fn look_within(
        &mut self,
        sought: Sought,
        between: Between,
        trace: &mut Trace,
    ) -> Result<Option<(EcToken, UnixMillis)>, StoreError> {
        let Find { found, cut } = self.first_of(sought, between).await?;
        trace.read = Some(between);
        trace.cut |= cut;
        Ok(found)
    }

    async fn look_around(
        &mut self,
        sought: Sought,
        outwards: Outwards,
        now: UnixMillis,
        trace: &mut Trace,
    ) -> Result<Option<(EcToken, Between)>, StoreError> {
        let (Find { found, cut }, progress) = self.search(sought, outwards, now).await?;
        trace.read = progress.searched;
        trace.search = Some(progress);
        trace.cut |= cut;
        Ok(found.map(|(token, at)| (token, Between { from: at.minus(VISIT), to: at.plus(VISIT) })))
    }

    /// Gathers what happened to a token; tells what is stored about it.
    async fn of_token(
        &mut self,
        token: EcToken,
        between: Option<Between>,
        gathered: &mut Gathered,
        trace: &mut Trace,
    ) -> Result<KnownToken, StoreError> {
        let known = self.known(token).await?;
        for (code, _) in &known.verifications {
            gathered.found.entry((Some(token), Some(*code))).or_default();
        }
        if let Some(between) = between.or_else(|| known.between()) {
            trace.read = Some(between);
            let mut span = AUDIT.span(&mut self.connection, between).await?;
            while let Some((first, behind)) = span.part(&mut self.connection).await? {
                let statement = Statement::new(AUDIT_OF_TOKEN).number(first).number(behind);
                self.audited(statement.text(token.as_str()), gathered).await?;
            }
            trace.cut |= span.is_cut();
        }
        self.refused(Statement::new(CALLS_OF_TOKEN).text(token.as_str()), gathered).await?;
        Ok(known)
    }

    async fn of_org(
        &mut self,
        code: OrgCode,
        between: Option<Between>,
        gathered: &mut Gathered,
        trace: &mut Trace,
    ) -> Result<(), StoreError> {
        let Some(between) = between else { return Ok(()) };
        trace.read = Some(between);
        let bounds = |statement: Statement| statement.number(between.from.get()).number(between.to.get());
        let mut span: Span = AUDIT.span(&mut self.connection, between).await?;
        while !gathered.cut
            && let Some((first, behind)) = span.part(&mut self.connection).await?
        {
            let statement = Statement::new(AUDIT_OF_ORG).number(first).number(behind).text(code.as_str());
            self.audited(bounds(statement), gathered).await?;
        }
        trace.cut |= span.is_cut();
        self.refused(bounds(Statement::new(CALLS_OF_ORG).text(code.as_str())), gathered).await
    }

    async fn audited(&mut self, statement: Statement, into: &mut Gathered) -> Result<(), StoreError> {
        let found = self.connection.fetch(statement).await?;
        for row in found.iter() {
            let mut columns = Columns::new(row, "audit");
            let at = columns.time()?;
            // What a newer version wrote is left out.
            let event = Event::of_code(columns.text()?);
            let token = columns.optional_token()?;
            let org_code = columns.optional_text()?.and_then(|code| OrgCode::new(code).ok());
            let channel = columns.optional_text()?.map(str::to_owned);
            let notice = columns.optional_number()?;
            let amount = columns.amount()?;
            let detail = columns.optional_text()?.map(str::to_owned);
            if let Some(event) = event {
                let kind = StepKind::Decided(event, detail);
                into.push((token, org_code), Happened { at, kind, channel, notice, amount });
            }
        }
        Ok(())
    }

    async fn refused(&mut self, statement: Statement, into: &mut Gathered) -> Result<(), StoreError> {
        let found = self.connection.fetch(statement).await?;
        into.cut |= found.len() >= MOST_FOUND;
        for row in found.iter() {
            let mut columns = Columns::new(row, "calls");
            let (token, notice) = (columns.optional_token()?, columns.optional_number()?);
            let (at, refused) = refused(&mut columns)?;
            let key = (token, refused.org_code);
            let kind = StepKind::Refused(refused);
            into.push(key, Happened { at, kind, channel: None, notice, amount: None });
        }
        Ok(())
    }

    async fn known(&mut self, token: EcToken) -> Result<KnownToken, StoreError> {
        let mut known = KnownToken::default();
        let found = self.connection.fetch(Statement::new(VERIFICATIONS).text(token.as_str())).await?;
        for row in found.iter() {
            let mut columns = Columns::new(row, "verifications");
            let code = columns.org_code()?;
            known.verifications.extend(columns.verification()?.map(|verification| (code, verification)));
        }
        let found = self.connection.fetch(Statement::new(DECODED).text(token.as_str())).await?;
        if let Some(row) = found.iter().next() {
            let mut columns = Columns::new(row, "tokens");
            known.decoded_at = Some(columns.time()?);
            // One that does not open is not shown.
            let holder = Holder::open(&self.sealer, token, columns.bytes()?).ok();
            known.holder =
                holder.map(|holder| (mask::name(&holder.name), mask::identity_number(&holder.id_no)));
        }
        Ok(known)
    }

    async fn told(
        &mut self,
        (token, org_code): StoryKey,
        mut happened: Vec<Happened>,
        stored: &mut StoredNotice,
        now: UnixMillis,
    ) -> Result<Story, StoreError> {
        happened.sort_by_key(|one| one.at);
        // Stories come in the order of their tokens: one look is for all institutions of a token.
        if stored.token != token {
            stored.known = match token {
                Some(token) => self.known(token).await?,
                None => KnownToken::default(),
            };
            stored.token = token;
        }
        let org_name = match org_code {
            None => None,
            Some(code) => match stored.names.get(&code) {
                Some(name) => name.clone(),
                None => stored.names.entry(code).or_insert(self.name_of(code).await?).clone(),
            },
        };
        let known = &stored.known;
        let standing = known.verifications.iter().find(|(code, _)| Some(*code) == org_code).map(|(_, v)| v);
        let explanation = explain(&happened, standing, now);
        let open = standing.filter(|verification| verification.is_open(now)).map(|open| open.notice);
        Ok(Story { token, org_code, org_name, holder: known.holder.clone(), happened, explanation, open })
    }

    /// The registered name of an institution.
    async fn name_of(&mut self, code: OrgCode) -> Result<Option<String>, StoreError> {
        const NAME: &str = "SELECT name FROM institutions WHERE org_code = $1";
        let found = self.connection.fetch(Statement::new(NAME).text(code.as_str())).await?;
        let name = found.iter().next().map(|row| Columns::new(row, "institutions").text().map(str::to_owned));
        name.transpose()
    }

    /// How many refusals of the time are missing.
    async fn count_missing(&mut self, trace: &mut Trace) -> Result<(), StoreError> {
        let Some(Between { from, to }) = trace.read else { return Ok(()) };
        let mut codes: Vec<OrgCode> = trace.stories.iter().filter_map(|story| story.org_code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let statement = Statement::new(SUMMED_OF_ORG).text(code.as_str());
            trace.summed += self.counted(statement.number(from.get()).number(to.get())).await?;
        }
        let statement = Statement::new(LOST_BETWEEN).number(from.get()).number(to.get());
        trace.lost = self.counted(statement).await?;
        Ok(())
    }

    async fn counted(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let found = self.connection.fetch(statement).await?;
        let mut count = 0;
        for row in found.iter() {
            count += refused(&mut Columns::new(row, "calls"))?.1.count();
        }
        Ok(count)
    }

    async fn channels(&mut self) -> Result<BTreeMap<String, String>, StoreError> {
        let found = self.connection.fetch(Statement::new("SELECT channel, name FROM channels")).await?;
        let mut channels = BTreeMap::new();
        for row in found.iter() {
            let mut columns = Columns::new(row, "channels");
            channels.insert(columns.text()?.to_owned(), columns.text()?.to_owned());
        }
        Ok(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_a_number_and_a_moment() {
        let Ok(Question::Serial(number, at)) = Question::serial("161665488196720210609155618") else {
            panic!("a serial")
        };
        assert_eq!((number, at.shanghai_text().as_str()), (1_616_654_881_967, "2021-06-09 15:56:18"));
        for wrong in ["", "1616654881967", "161665488196720211309155618", "16166548819672021060915561x"] {
            assert_eq!(Question::serial(wrong).err(), Some(QuestionError), "{wrong}");
        }
    }
}
