//! What an operator is told of a visit and of refusals, while the center runs.

use std::time::Duration;

use yanmi_center::history::{
    Between, Filter, History, Outwards, Question, SearchProgress, Step, StepKind, Story, Trace, When,
};
use yanmi_center::ports::Entropy;
use yanmi_protocol::message::notify;
use yanmi_protocol::{EcToken, NoticeNo, OrgCode};
use yanmi_verification::Event;

use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};

async fn history(site: &Site) -> History {
    let (database, key) = (&site.config.database, &site.config.encryption_key);
    History::open(database, key, Entropy::seeded(9)).await.expect("opened")
}

async fn traced(site: &Site, question: Question, between: Option<Between>) -> Trace {
    told(site, question, between.map(When::Between)).await
}

async fn told(site: &Site, question: Question, when: Option<When>) -> Trace {
    let mut history = history(site).await;
    let trace = history.trace(question, when, site.hands.now()).await.expect("read");
    history.close().await.expect("closed");
    trace
}

fn hour(site: &Site) -> Between {
    let now = site.hands.now();
    Between { from: now.minus(Duration::from_mins(30)), to: now.plus(Duration::from_mins(30)) }
}

fn events(story: &Story) -> Vec<&'static str> {
    let event = |kind: &StepKind| match kind {
        StepKind::Decided(event, _) => event.code(),
        StepKind::Refused(_) => "refused",
    };
    story.happened.iter().map(|one| event(&one.kind)).collect()
}

async fn refused_notify(site: &Site, token: EcToken) {
    let (token, org_code) = (token.as_str(), "H00000000000");
    let draft = notify::Draft { token, org_code, org_name: HOSPITAL_NAME, amount: None };
    assert_eq!(site.institution().notify(&draft).await.expect("an answer").code(), 500_316);
}

#[tokio::test]
async fn a_visit_is_found_by_token_serial_notice_and_institution() {
    let site = Site::start().await;
    let token = site.token().await;
    let serial = site.notify(token, Some("128.50")).await.member("resBizNo").expect("a serial");
    let notice = site.newest_notice().await;
    site.act(&notice, "confirm", "01").await;
    // Somebody else's, which is not to be found.
    assert_eq!(site.notify(site.token().await, Some("1")).await.code(), 0);
    let by_token = traced(&site, Question::Token(token), None).await;
    let [story] = &by_token.stories[..] else { panic!("{by_token:?}") };
    assert_eq!(story.happened[0].amount.expect("an amount").to_string(), "128.50");
    assert_eq!(story.explanation.missing, None);
    assert_eq!(story.org_name.as_deref(), Some(HOSPITAL_NAME));
    let (name, number) = story.holder.as_ref().expect("a person");
    let person = site.person();
    assert!(name.starts_with('*') && *name != person.user_name && *number != person.id_no, "{name} {number}");
    let listed = events(story);
    assert_eq!(listed[..3], [Event::Asked.code(), Event::Delivered.code(), "confirmed-01"], "{listed:?}");
    let number = serial[..13].parse().expect("a number");
    let by_serial = traced(&site, Question::Serial(number, site.hands.now()), None).await;
    let notice = NoticeNo::new(&notice).expect("a number");
    let by_notice = traced(&site, Question::Notice(notice), None).await;
    for other in [by_serial, by_notice] {
        assert_eq!(other.stories[0].happened, story.happened, "{other:?}");
        assert_eq!(other.stories.len(), 1);
    }
    let code = OrgCode::new(HOSPITAL).expect("a code");
    let of_org = traced(&site, Question::Org(code), Some(hour(&site))).await;
    assert_eq!(of_org.stories.len(), 2, "both");
    assert!(of_org.stories.iter().any(|other| other.happened == story.happened), "{of_org:?}");
    let before = Between { from: site.hands.now().minus(Duration::from_hours(2)), ..hour(&site) };
    let before = Between { to: before.from.plus(Duration::from_mins(1)), ..before };
    assert_eq!(traced(&site, Question::Org(code), Some(before)).await.stories, []);
}

#[tokio::test]
async fn a_notice_that_no_channel_took_says_where_it_stopped() {
    let site = Site::start().await;
    site.mood(&site.channel().clone(), "refuse", 0).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_319);
    site.center.keep_calls().await;
    let trace = traced(&site, Question::Token(token), None).await;
    let story = &trace.stories[0];
    assert_eq!(events(story), ["asked", "undelivered", "refused"]);
    assert_eq!(story.explanation.missing, Some(Step::Taken));
    assert!(story.explanation.now.contains("拒收"), "{story:?}");
}

#[tokio::test]
async fn what_was_forgotten_is_found_when_it_is_said_when() {
    let site = Site::start().await;
    let token = site.token().await;
    let serial = site.notify(token, Some("10")).await.member("resBizNo").expect("a serial");
    let notice = NoticeNo::new(&site.newest_notice().await).expect("a number");
    refused_notify(&site, token).await;
    site.center.keep_calls().await;
    let (then, at) = (hour(&site), site.hands.now());
    site.hands.forward(Duration::from_hours(24 * 8));
    site.center.remove_old().await.expect("a round");
    let none = traced(&site, Question::Notice(notice), None).await;
    assert!(none.stories.is_empty() && none.read.is_none(), "{none:?}");
    // Refusals are found by the token alone.
    let some = traced(&site, Question::Token(token), None).await;
    assert_eq!(some.stories.iter().map(events).collect::<Vec<_>>(), [["refused"]]);
    let number = serial[..13].parse().expect("a number");
    for (question, between) in [
        (Question::Token(token), Some(then)),
        (Question::Notice(notice), Some(then)),
        (Question::Serial(number, at), None),
    ] {
        let trace = traced(&site, question, between).await;
        let told = trace.stories.iter().find(|story| events(story) == ["asked", "delivered"]);
        let told = told.unwrap_or_else(|| panic!("{trace:?}"));
        assert_eq!(told.explanation.missing, Some(Step::Answered));
    }
}

#[tokio::test]
async fn what_was_forgotten_is_found_around_a_moment_that_is_only_nearly_right() {
    let site = Site::start().await;
    let token = site.token().await;
    let serial = site.notify(token, Some("10")).await.member("resBizNo").expect("a serial");
    let notice = NoticeNo::new(&site.newest_notice().await).expect("a number");
    let at = site.hands.now();
    site.hands.forward(Duration::from_hours(24 * 8));
    // Something of today, so that the audit does not end where the visit was.
    site.notify(site.token().await, Some("1")).await;
    site.center.remove_old().await.expect("a round");
    let day = Duration::from_hours(24);
    for about in [at, at.plus(Duration::from_hours(5)), at.minus(Duration::from_hours(7)), at.plus(day * 2)] {
        for question in [Question::Token(token), Question::Notice(notice)] {
            let trace = told(&site, question, Some(When::Around(Outwards::from(about)))).await;
            assert_eq!(trace.stories.iter().map(events).collect::<Vec<_>>(), [["asked", "delivered"]]);
            let SearchProgress { searched, next } = trace.search.expect("a search");
            let searched = searched.expect("a time");
            assert!(searched.from <= at && at < searched.to && next.is_none(), "{about:?} {searched:?}");
        }
    }
    // A serial tells its moment, whatever somebody remembers.
    let serial = Question::serial(&serial).expect("a serial");
    let trace = told(&site, serial, Some(When::Around(Outwards::from(at.plus(day * 2))))).await;
    assert_eq!(trace.stories.iter().map(events).collect::<Vec<_>>(), [["asked", "delivered"]]);
    // Where the first hours were searched in vain, the next ones are not these.
    let far = Outwards { done: 9, ..Outwards::from(at) };
    let trace = told(&site, Question::Token(token), Some(When::Around(far))).await;
    assert_eq!(trace.stories, [], "it lies within what was searched before");
    // What never was is looked for everywhere, and there is nowhere to go on.
    let never = EcToken::new("350000ec0000000000000000000000000000ffff").expect("a token");
    let trace = told(&site, Question::Token(never), Some(When::Around(Outwards::from(at)))).await;
    let search = trace.search.expect("a search");
    assert!(trace.stories.is_empty() && search.next.is_none() && !trace.cut, "{search:?}");
    let searched = search.searched.expect("a time");
    assert!(searched.from <= at && searched.to >= site.hands.now(), "{searched:?}");
}

#[tokio::test]
async fn refusals_are_listed_by_who_asked_and_for_which_institution() {
    let site = Site::start().await;
    let token = site.token().await;
    refused_notify(&site, token).await;
    refused_notify(&site, token).await;
    site.center.keep_calls().await;
    let count = async |org: Option<&str>, between| {
        let mut history = history(&site).await;
        let filter = Filter { org: org.map(str::to_owned), between };
        let denials = history.denied(&filter).await.expect("read");
        history.close().await.expect("closed");
        assert!(!denials.cut && denials.lost == 0);
        assert!(denials.rows.iter().all(|row| row.refused.proven && row.refused.code == 500_316));
        denials.rows.len()
    };
    let then = hour(&site);
    for (org, expected) in [(None, 2), (Some("testOrgId"), 2), (Some("H00000000000"), 2), (Some(HOSPITAL), 0)]
    {
        assert_eq!(count(org, then).await, expected, "{org:?}");
    }
    let later = Between { from: then.to, to: then.to.plus(Duration::from_hours(1)) };
    assert_eq!([count(None, later).await, count(Some("testOrgId"), later).await], [0, 0]);
}
