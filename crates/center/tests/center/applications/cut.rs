//! Whoever is killed in the middle of an approval, an offer or an upload leaves all of it or nothing.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use yanmi_center::registry::{Act, Actor as Host, Administration, AdministrationError, IssuedKeyOffer};
use yanmi_onboarding::application::{
    Actor, Attachment, Calendar, Command, Field, Form, Kind, Origin, PersonId, Report, ReportConclusion,
    checklist,
};
use yanmi_onboarding::{Area, Grant, Level, Role};
use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::FILLED_IN;
use crate::register::{NOW, administration, one};
use crate::site::{HOSPITAL, Site, Stopped};

/// Cuts of one step; each is a moment at which it waits for the database.
const MOST_CUTS: usize = 500;

/// Gives a future so many turns and lets go of it, as a process does that ends there; what it came to, if it was quicker. Where that is
/// within the transaction depends on how quick the database is, which may be done before it was waited for once: wherever it is, all or
/// nothing has to be there.
async fn cut<T>(turns: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), turns);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Everybody who has a part: somebody of the province for each role.
fn part(role: Role) -> (Host, PersonId, [Grant; 1]) {
    let grant = Grant { role, area: Area::new("35").expect("an area"), until: None };
    (Host::operator(role.word()), PersonId::new(role.word()).expect("a login"), [grant])
}

async fn give(
    administration: &mut Administration,
    number: i64,
    role: Role,
    command: &Command<'_>,
) -> Result<(), AdministrationError> {
    let (host, id, grants) = part(role);
    let who = Actor::Operator { id, grants: &grants };
    administration
        .step_application(number, command, &who, &Calendar::default(), Act::new(&host, "", NOW))
        .await
}

/// A form that goes to the province at once.
fn form(fields: &[(&str, &str)]) -> Form {
    let mut form = Form::default();
    for (word, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        form.set(Field::of_word(word).expect("a field"), text);
    }
    form.set(Field::Region, "350102");
    form.set_institutions(BTreeSet::from([OrgCode::new(HOSPITAL).expect("a code")]));
    form
}

async fn begin(administration: &mut Administration, kind: Kind, form: &Form) -> i64 {
    let (host, id, grants) = part(Role::Helpdesk);
    let who = Actor::Operator { id, grants: &grants };
    let begun = administration.begin_application((kind, form, true), &who, Act::new(&host, "", NOW)).await;
    let number = begun.expect("begun");
    give(administration, number, Role::Helpdesk, &Command::Submit(form)).await.expect("submitted");
    number
}

/// What has to be there together: the account, its institution, and the event that says so.
async fn traces(stopped: &Stopped, number: i64, (account, action): (&AccountId, &str)) -> [bool; 3] {
    let mut administration = administration(&stopped.config).await;
    // What takes the lock of every change comes after whatever the killed one has still sent.
    let refused = give(&mut administration, number, Role::Approver, &Command::Resume { opinion: "x" }).await;
    assert!(refused.is_err());
    assert!(administration.verify_events().await.expect("read").broken.is_none());
    let row = administration.account(account).await.expect("read");
    let institution =
        administration.institution(&OrgCode::new(HOSPITAL).expect("a code")).await.expect("read");
    let attached = institution.is_some_and(|row| row.accounts.contains(account));
    let (mut after, mut told) = (0, false);
    loop {
        let events = administration.events(after).await.expect("read");
        let Some(last) = events.last() else { break };
        after = last.seq;
        told |= events.iter().any(|event| event.action == action && event.outcome.word() == "done");
    }
    administration.close().await.expect("closed");
    [row.is_some(), attached, told]
}

#[tokio::test]
async fn an_account_is_made_out_whole_or_not_at_all() {
    let stopped = Site::start().await.stop().await;
    let mut hands = administration(&stopped.config).await;
    let form = form(&FILLED_IN);
    let number = begin(&mut hands, Kind::System, &form).await;
    let checked = checklist(Level::Province, Kind::System);
    let account = AccountId::new("t-his").ok();
    let approve = Command::Approve { form: form.digest(), checked, account, opinion: "同意" };
    give(&mut hands, number, Role::Approver, &approve).await.expect("approved");
    let confirm = Command::Confirm { form: Some(form.digest()) };
    give(&mut hands, number, Role::Reviewer, &confirm).await.expect("confirmed");
    let (conclusion, product) = (ReportConclusion::Passed, form.product());
    let at: UnixMillis = NOW;
    let report = Report { digest: [1; 32], conclusion, at, origin: Origin::Own, product, run: None };
    give(&mut hands, number, Role::Helpdesk, &Command::Report(&report)).await.expect("reported");
    give(&mut hands, number, Role::Clerk, &Command::Witness).await.expect("witnessed");
    let accept = Command::Accept { until: None, opinion: "" };
    give(&mut hands, number, Role::Approver, &accept).await.expect("accepted");
    hands.close().await.expect("closed");

    let account = AccountId::new("his.cut").expect("an account");
    let (host, id, grants) = part(Role::KeyKeeper);
    let calendar = Calendar::default();
    for turns in 0..MOST_CUTS {
        let mut killed = administration(&stopped.config).await;
        let who = Actor::Operator { id, grants: &grants };
        let act = Act::new(&host, "", NOW);
        let issued =
            cut(turns, killed.issue_application((number, account), None, (&who, &calendar), act)).await;
        drop(killed);
        let found = traces(&stopped, number, (&account, "application.issue")).await;
        if let Some(issued) = issued {
            assert!(matches!(issued, Ok(IssuedKeyOffer::Link(_))), "{issued:?}");
            assert_eq!(found, [true; 3]);
            return;
        }
        if found == [true; 3] {
            // It was committed, and nobody was told: another try says so.
            return;
        }
        assert_eq!(found, [false; 3], "after {turns} turns");
    }
    panic!("it never ends");
}

#[tokio::test]
async fn what_is_approved_is_carried_out_whole_or_not_at_all() {
    let site = Site::start().await;
    let account = site.world().accounts[1].org_id;
    let stopped = site.stop().await;
    let mut hands = administration(&stopped.config).await;
    let fields = [
        ("applicant", "某医院"),
        ("account", account.as_str()),
        ("adminName", "林经办"),
        ("adminPhone", "0591-87654321"),
    ];
    let form = form(&fields);
    let number = begin(&mut hands, Kind::Attach, &form).await;
    let checked = checklist(Level::Province, Kind::Attach);
    let approve = Command::Approve { form: form.digest(), checked, account: None, opinion: "" };
    give(&mut hands, number, Role::Approver, &approve).await.expect("approved");
    hands.close().await.expect("closed");
    let confirm = Command::Confirm { form: Some(form.digest()) };
    for turns in 0..MOST_CUTS {
        let mut killed = administration(&stopped.config).await;
        let done = cut(turns, give(&mut killed, number, Role::Reviewer, &confirm)).await;
        drop(killed);
        let [_, attached, told] = traces(&stopped, number, (&account, "application.confirm")).await;
        assert_eq!(attached, told, "after {turns} turns");
        // A machine with much to do may still have the lock of the one that was let go of: that is refused, and tried again.
        assert!(told || !matches!(done, Some(Ok(()))), "after {turns} turns");
        if told {
            return;
        }
    }
    panic!("it never ends");
}

/// What has to be there together: the paper, every part of it, the step and the event that say so.
async fn papers(stopped: &Stopped, number: i64) -> [i64; 4] {
    let mut administration = administration(&stopped.config).await;
    let refused = give(&mut administration, number, Role::Approver, &Command::Resume { opinion: "x" }).await;
    assert!(refused.is_err());
    assert!(administration.verify_events().await.expect("read").broken.is_none());
    administration.close().await.expect("closed");
    let mut found = [0; 4];
    for (count, query) in found.iter_mut().zip([
        "SELECT count(*) FROM attachments",
        "SELECT count(*) FROM attachment_parts",
        "SELECT count(*) FROM application_steps WHERE action = 'add-file'",
        "SELECT count(*) FROM operator_events WHERE action = 'application.add-file' AND outcome = 'done'",
    ]) {
        *count = one(&stopped.config, query).await;
    }
    found
}

#[tokio::test]
async fn a_paper_is_stored_whole_or_not_at_all() {
    let stopped = Site::start().await.stop().await;
    let mut hands = administration(&stopped.config).await;
    let (host, id, grants) = part(Role::Helpdesk);
    let (who, calendar) = (Actor::Operator { id, grants: &grants }, Calendar::default());
    let act = Act::new(&host, "", NOW);
    let begun = hands.begin_application((Kind::System, &form(&FILLED_IN), true), &who, act).await;
    let number = begun.expect("begun");
    hands.close().await.expect("closed");
    // Three statements of parts.
    let mut content = b"%PDF-1.7".to_vec();
    content.resize(70 * 16_352, b' ');
    let paper = Attachment::of_file("一.pdf", &content).expect("a paper");
    let (content, whole) = (Bytes::from(content), [1, 70, 1, 1]);
    for turns in 0..MOST_CUTS {
        let mut killed = administration(&stopped.config).await;
        let add = killed.add_attachment(number, (&paper, content.clone()), (&who, &calendar), act);
        let added = cut(turns, add).await;
        drop(killed);
        let found = papers(&stopped, number).await;
        if added.is_some() || found == whole {
            assert!(added.is_none_or(|added| added.is_ok()), "after {turns} turns");
            assert_eq!(found, whole);
            return;
        }
        assert_eq!(found, [0; 4], "after {turns} turns");
    }
    panic!("it never ends");
}
