use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::{Arrival, CommitFate, LockRefusal, Lost, MemoryServer, MemorySession, Message, Mood, Row};

/// One whose chance is always the lowest.
fn server() -> MemoryServer {
    MemoryServer::new(|_| 0)
}

fn row(key: u8) -> Row {
    ("rows", vec![key])
}

async fn session(server: &MemoryServer) -> MemorySession {
    server.connect(1).await.expect("a session")
}

#[tokio::test(start_paused = true)]
async fn rows_go_to_those_who_came_first_and_to_all_of_a_session_at_once() {
    let server = server();
    let (one, two, three) = (session(&server).await, session(&server).await, session(&server).await);
    assert_eq!(one.lock(&[row(1), row(2)]).await, Ok(false));
    assert_eq!(one.lock(&[row(1)]).await, Ok(false), "its own row again");
    let begun = Instant::now();
    let second = async {
        let waited = two.lock(&[row(1)]).await;
        sleep_until(Instant::now() + Duration::from_millis(300)).await;
        two.end();
        (waited, begun.elapsed())
    };
    let third = async {
        sleep_until(Instant::now() + Duration::from_millis(10)).await;
        let waited = three.lock(&[row(1)]).await;
        (waited, begun.elapsed())
    };
    let first = async {
        sleep_until(Instant::now() + Duration::from_millis(100)).await;
        one.end();
    };
    let (second, third, ()) = tokio::join!(second, third, first);
    assert_eq!(second, (Ok(true), Duration::from_millis(400)));
    assert_eq!(third, (Ok(true), Duration::from_millis(400)), "behind who came before");
    assert_eq!(server.held(), 1);
    assert_eq!(server.circles(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_and_a_circle_is_counted() {
    let server = server();
    let (one, two) = (session(&server).await, session(&server).await);
    assert_eq!(one.lock(&[row(1)]).await, Ok(false));
    assert_eq!(two.lock(&[row(2)]).await, Ok(false));
    let begun = Instant::now();
    let (first, second) = tokio::join!(async { one.lock(&[row(2)]).await }, async {
        sleep_until(Instant::now() + Duration::from_millis(500)).await;
        two.lock(&[row(1)]).await
    });
    assert_eq!(first, Err(LockRefusal::Timeout));
    assert_eq!(second, Err(LockRefusal::Timeout), "the first one holds its row still");
    assert_eq!(begun.elapsed(), Duration::from_millis(2_500));
    assert_eq!(server.circles(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_has_the_fate_that_was_chosen() {
    let server = server();
    let fates = [
        (CommitFate::Unheard, Arrival::Never),
        (CommitFate::Unanswered, Arrival::Now),
        (CommitFate::Late(20), Arrival::Later(Duration::from_millis(20))),
    ];
    for (fate, arrival) in fates {
        let lost = session(&server).await;
        server.next_commit(fate);
        assert_eq!(lost.ask(Message::Statement).await, Arrival::Now, "only a commit");
        assert_eq!(lost.answer().await, Ok(()));
        assert_eq!(lost.ask(Message::Commit).await, arrival);
        assert_eq!(lost.answer().await, Err(Lost), "{fate:?}");
        assert_eq!(lost.ask(Message::Statement).await, Arrival::Never, "{fate:?}");
    }
    assert_eq!(server.sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_session_held_is_free_a_moment_after_it_was_lost() {
    let server = server();
    let (lost, kept) = (session(&server).await, server.connect(2).await.expect("a session"));
    assert_eq!(lost.lock(&[row(1)]).await, Ok(false));
    server.kill(1);
    assert_eq!(lost.ask(Message::Statement).await, Arrival::Never);
    assert_eq!(lost.lock(&[row(3)]).await, Err(LockRefusal::Lost));
    assert!(server.connect(1).await.is_err(), "nobody is there any more");
    assert_eq!(kept.lock(&[row(1)]).await, Ok(true));
    drop(kept);
    sleep_until(Instant::now() + Duration::from_millis(50)).await;
    assert_eq!((server.held(), server.sessions()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_held_by_who_does_not_wait_for_a_lost_answer_is_free_as_well() {
    let server = server();
    let (lost, kept) = (session(&server).await, session(&server).await);
    assert_eq!(lost.lock(&[row(1)]).await, Ok(false));
    server.next_commit(CommitFate::Unanswered);
    assert_eq!(lost.ask(Message::Commit).await, Arrival::Now);
    drop(lost);
    assert_eq!(kept.lock(&[row(1)]).await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_all_sessions_and_lets_nobody_in_for_a_while() {
    let server = server();
    let one = session(&server).await;
    assert_eq!(one.lock(&[row(1)]).await, Ok(false));
    let (heard, ()) = tokio::join!(one.hear(), async {
        sleep_until(Instant::now() + Duration::from_secs(1)).await;
        server.restart();
    });
    assert_eq!(heard, Err(Lost));
    assert!(server.connect(1).await.is_err());
    server.come_back();
    let again = session(&server).await;
    assert_eq!(again.lock(&[row(1)]).await, Ok(false));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_heard_in_its_order_by_all_who_listen() {
    let mut turn = 0;
    // What is told first would take longer.
    let server = MemoryServer::new(move |bound| {
        turn += 1;
        (bound - 1).saturating_sub(turn)
    });
    server.set_mood(Mood { news_millis: (0, 100), ..Mood::FINE });
    let (teller, listener, other) = (session(&server).await, session(&server).await, session(&server).await);
    listener.listen();
    teller.tell("one");
    other.listen();
    teller.tell("two");
    assert_eq!(listener.hear().await.as_deref(), Ok("one"));
    assert_eq!(listener.hear().await.as_deref(), Ok("two"));
    assert_eq!(other.hear().await.as_deref(), Ok("two"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_fell_silent_hears_nothing_and_is_not_told() {
    let server = server();
    let silent = session(&server).await;
    silent.listen();
    server.set_mood(Mood { silent_permille: 1_000, ..Mood::FINE });
    let waits = Duration::from_mins(1);
    assert!(tokio::time::timeout(waits, silent.ask(Message::Statement)).await.is_err());
    server.set_mood(Mood::FINE);
    session(&server).await.tell("news");
    assert!(tokio::time::timeout(waits, silent.hear()).await.is_err());
}
