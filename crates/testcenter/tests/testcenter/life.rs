//! How long spaces run and live.

use std::time::Duration;

use crate::ground::Ground;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_away_for_somebody_else_a_moment_after_his_last_request() {
    let ground = Ground::with("open = true\n[limits]\nrunning = 1\n").await;
    let first = ground.space("甲").await;
    let made = ground.post("/spaces", "name=乙&contact=x").await;
    let crowded = ground.get(&made.location.expect("an address")).await;
    assert_eq!(crowded.status, 503);
    assert!(String::from_utf8_lossy(&crowded.body).contains("稍后再试"));
    let token = first.token().await;
    let (notice, _) = first.notified(&token).await;
    first.confirm(&notice).await;
    assert_eq!(first.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_space_that_was_idle_longest_makes_room_and_comes_back_with_everything() {
    let ground = Ground::with("open = true\n[limits]\nrunning = 1\nyield_seconds = 0\n").await;
    let first = ground.space("甲").await;
    let token = first.token().await;
    let (notice, _) = first.notified(&token).await;
    for name in ["乙", "丙"] {
        let other = ground.space(name).await;
        let theirs = other.token().await;
        assert_eq!(other.notify(&theirs).await.answer.code, 0);
    }
    first.confirm(&notice).await;
    assert_eq!(first.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_space_ends_when_its_days_are_over() {
    let ground = Ground::with("open = true\n[limits]\ndays = 1\n").await;
    let space = ground.space("甲").await;
    ground.pass(Duration::from_hours(23));
    ground.center.keep_house().await;
    assert_eq!(ground.get(&space.path()).await.status, 200);
    ground.pass(Duration::from_hours(2));
    ground.center.keep_house().await;
    assert_eq!(ground.get(&space.path()).await.status, 404);
    let ground = ground.restart().await;
    assert_eq!(ground.get(&space.path()).await.status, 404, "its folder is gone");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_configuration_is_said_by_its_settings() {
    let text = "[testcenter]\nlisten = \"x\"\npublic_url = \"ftp://x\"\ntls_key = \"a\"\nchannel_networks = [\"10\"]\n\
                port = 1\n[limits]\nspaces = 0\n[operater]\na = 1\n";
    let error = yanmi_testcenter::Settings::from_toml(text, std::path::Path::new("/")).expect_err("none");
    let said = error.to_string();
    for expected in [
        "testcenter.listen：",
        "testcenter.public_url：",
        "testcenter.tls_certificate：",
        "testcenter.channel_networks：",
        "testcenter.port：",
        "limits.spaces：",
        "operater：",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(
        yanmi_testcenter::Settings::from_toml(yanmi_testcenter::settings::EXAMPLE, std::path::Path::new("/"))
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_has_one_test_center_at_a_time() {
    let ground = Ground::open().await;
    let second = ground.another().await.expect_err("it has one");
    assert!(second.to_string().contains("另一个联调中心"), "{second}");
    let ground = ground.restart().await;
    ground.center.stop().await;
}
