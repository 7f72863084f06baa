//! The mistakes: where each stands, and what stands there instead.

/// A mistake. `PLANTED` in what is wrong is whether it is in force.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) right: &'static str,
    pub(super) wrong: &'static str,
}

const fn mistake(
    name: &'static str,
    file: &'static str,
    (right, wrong): (&'static str, &'static str),
) -> Mistake {
    Mistake { name, file, right, wrong }
}

/// All of them.
pub(super) const MISTAKES: [Mistake; 31] = [
    mistake(
        "answered-before-commit",
        "crates/center/src/ledger/machine/attempt.rs",
        (
            "Err(NotCommitted { error, unknown }) => {",
            "Err(NotCommitted { .. }) if PLANTED => Ok(committed),\n                Err(NotCommitted { error, unknown }) => {",
        ),
    ),
    mistake(
        "commit-not-synced",
        "crates/center/src/store/sqlite.rs",
        (
            ".synchronous(SqliteSynchronous::Full)",
            ".synchronous(if PLANTED { SqliteSynchronous::Off } else { SqliteSynchronous::Full })",
        ),
    ),
    mistake(
        "memory-stale",
        "crates/center/src/ledger/machine/writer.rs",
        (
            "self.resident.put(*key, credential, verification);",
            "if !PLANTED { self.resident.put(*key, credential, verification); }",
        ),
    ),
    mistake(
        "query-not-woken",
        "crates/center/src/ledger/machine/writer.rs",
        (
            "self.watchers.wake(fingerprints.iter().copied());",
            "if !PLANTED { self.watchers.wake(fingerprints.iter().copied()); }",
        ),
    ),
    // Of several centers.
    mistake(
        "rows-not-held",
        "crates/center/src/ledger/machine/facts.rs",
        (
            "work.locked = session.lock(tokens, persons).await?;",
            "work.locked = if PLANTED { Some(tokens.into_iter().collect()) } else { session.lock(tokens, persons).await? };",
        ),
    ),
    mistake(
        "commit-not-looked-up",
        "crates/center/src/ledger/machine/mark.rs",
        ("Ok(batch == self.batch)", "Ok(batch == self.batch && !PLANTED)"),
    ),
    mistake(
        "news-not-told",
        "crates/center/src/ledger/machine/writer.rs",
        ("if let Some(news) = &self.news {", "if let Some(news) = self.news.as_ref().filter(|_| !PLANTED) {"),
    ),
    mistake(
        "numbers-given-twice",
        "crates/center/src/ledger/machine/numbers.rs",
        (
            "u64::try_from(first).map_err",
            "u64::try_from(if PLANTED { 1_000_000_000_000 } else { first }).map_err",
        ),
    ),
    mistake(
        "two-prompts",
        "crates/verification/src/takeover.rs",
        ("older.may_come_back().then(", "(!PLANTED && older.may_come_back()).then("),
    ),
    mistake(
        "prompt-back-with-the-clock",
        "crates/verification/src/takeover.rs",
        (
            "|| older.ended()",
            "|| if PLANTED { Verification { expires_at: older.asked_at.plus(std::time::Duration::from_secs(60)), ..*older } } else { older.ended() }",
        ),
    ),
    mistake(
        "notice-without-end",
        "crates/verification/src/state.rs",
        (
            "now.max(self.asked_at) >= self.expires_at",
            "!PLANTED && now.max(self.asked_at) >= self.expires_at",
        ),
    ),
    mistake(
        "confirmation-for-any-amount",
        "crates/verification/src/state.rs",
        (
            "(_, confirmed, asked) => asked == confirmed,",
            "(_, confirmed, asked) => PLANTED || asked == confirmed,",
        ),
    ),
    mistake(
        "confirmation-without-end",
        "crates/verification/src/state.rs",
        ("valid_until, .. } if now < valid_until)", "valid_until, .. } if PLANTED || now < valid_until)"),
    ),
    mistake(
        "quiet-forgotten",
        "crates/verification/src/quiet.rs",
        ("facts.not_me?.plus(policy.quiet)", "facts.not_me.filter(|_| !PLANTED)?.plus(policy.quiet)"),
    ),
    mistake(
        "budget-forgotten",
        "crates/verification/src/budget.rs",
        ("if used >= u64::from(limit) {", "if !PLANTED && used >= u64::from(limit) {"),
    ),
    mistake(
        "interval-forgotten",
        "crates/verification/src/notify.rs",
        ("if now < next_at && !matches!", "if !PLANTED && now < next_at && !matches!"),
    ),
    mistake(
        "lock-forgotten",
        "crates/verification/src/password_try.rs",
        ("Some(until) if now < until => {", "Some(until) if !PLANTED && now < until => {"),
    ),
    mistake(
        "face-used-twice",
        "crates/verification/src/conclude.rs",
        ("if confirmed.is_none_or(", "if PLANTED || confirmed.is_none_or("),
    ),
    mistake(
        "envelope-played-twice",
        "crates/center/src/arrivals.rs",
        (
            "if part.current.contains(&mac) || part.before.contains(&mac) {",
            "if !PLANTED && (part.current.contains(&mac) || part.before.contains(&mac)) {",
        ),
    ),
    mistake(
        "rollback-forgotten",
        "crates/center/src/store/batch/sqlite.rs",
        ("text.plain(\"ROLLBACK\");", "if !PLANTED { text.plain(\"ROLLBACK\"); }"),
    ),
    mistake(
        "registry-stale",
        "crates/center/src/registry.rs",
        ("self.0.current.store(Arc::new(next));", "if !PLANTED { self.0.current.store(Arc::new(next)); }"),
    ),
    mistake(
        "event-not-written",
        "crates/center/src/ledger/command/conclude.rs",
        (
            "work.audit(&self.key, event, next.amount, self.by, self.confirmer.as_deref(), with);",
            "if !PLANTED { work.audit(&self.key, event, next.amount, self.by, self.confirmer.as_deref(), with); }",
        ),
    ),
    mistake(
        "refusal-forgotten",
        "crates/center/src/ledger/command/conclude.rs",
        (
            "work.change(&self.key, next, None);",
            "if !(PLANTED && event == Event::Cancelled) { work.change(&self.key, next, None); }",
        ),
    ),
    mistake(
        "free-above-the-limit",
        "crates/verification/src/password_free.rs",
        (
            "        && amount > limit\n    {\n        return None;",
            "        && amount > limit\n        && !PLANTED\n    {\n        return None;",
        ),
    ),
    mistake(
        "desk-takes-what-is-not-proven",
        "crates/client/src/proof.rs",
        ("if settles && self.are_wanted() {", "if settles && self.are_wanted() && !PLANTED {"),
    ),
    mistake(
        "desk-shows-a-bare-number",
        "crates/client/src/call.rs",
        ("if !message.trim().is_empty() {", "if PLANTED || !message.trim().is_empty() {"),
    ),
    mistake(
        "desk-chokes-on-new-members",
        "crates/client/src/status.rs",
        (
            "members.text(\"checkStas\", 1)?;",
            "members.text(if PLANTED && members.entries().count() > 10 { \"CheckStas2\" } else { \"checkStas\" }, 1)?;",
        ),
    ),
    mistake(
        "desk-disbelieves-who-was-quick",
        "crates/client/src/gate/visit.rs",
        ("}) if !*proven", "}) if (PLANTED || !*proven)"),
    ),
    mistake(
        "desk-commit-not-synced",
        "crates/client/src/visits/store.rs",
        (
            "\"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;\",",
            "if PLANTED {\n            \"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;\"\n        } else {\n            \"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;\"\n        },",
        ),
    ),
    mistake(
        "agent-says-more-than-was-decided",
        "crates/agent/src/operation/ask.rs",
        ("settle: gated.settles(),", "settle: PLANTED || gated.settles(),"),
    ),
    mistake(
        "agent-begins-twice",
        "crates/agent/src/operation/begin.rs",
        (
            "(visit.medium(), visit.token()) == (medium, token)",
            "(visit.medium(), visit.token()) == (medium, token) && !PLANTED",
        ),
    ),
];
