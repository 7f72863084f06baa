//! A person at the pages, with a real browser.

use yanmi_browser::Browser;

use crate::ground::Ground;

/// Does it on a thread that may wait.
async fn with_browser(scene: impl FnOnce(&Browser) + Send + 'static) {
    let looked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let browser = Browser::start(folder.path(), 1_200, 900);
        scene(&browser);
    });
    looked.await.expect("no assertion fails");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_clicks_through_from_the_first_page_to_a_settled_visit() {
    let ground = Ground::open().await;
    let url = ground.center.public_url().to_owned();
    with_browser(move |browser| {
        browser.open(&format!("{url}/"));
        browser.keep_picture("testcenter-landing");
        assert_eq!(browser.violations(), Vec::<String>::new());
        browser.fill("input[name=name]", "榕城软件");
        browser.fill("input[name=contact]", "0591-00000000");
        browser.click("form button");
        browser.until("document.querySelector('h1')?.textContent === '榕城软件'");
        browser.keep_picture("testcenter-space");
        assert_eq!(browser.violations(), Vec::<String>::new());
        browser.click("button[value='31m']");
        browser.until("document.querySelector('.said')?.textContent.includes('31 分钟过去了')");
        browser.run("location.href = './play/'");
        // The counter and the phones work behind the front, with what passes between them.
        browser.until("document.querySelector('#link')?.dataset.state === 'on'");
        browser.click("#empty-show");
        browser.until("document.querySelector('.qr')?.naturalWidth > 0");
        browser.click("#scan");
        browser.until("document.querySelector('#lamp').dataset.stage === 'decoded'");
        browser.click("#notify");
        browser.until("document.querySelector('#phone.lit #confirm')");
        browser.click("#confirm");
        browser.until("document.querySelector('#lamp').dataset.stage === 'green'");
        browser.keep_picture("testcenter-play");
        assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    })
    .await;
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_insured_persons_page_stands_below_the_space() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    let token = space.token().await;
    let (_, link) = space.notified(&token).await;
    assert!(link.starts_with(&format!("{}/p/", space.base)), "{link}");
    with_browser(move |browser| {
        browser.open(&link);
        browser.until("document.querySelector('#p') !== null && document.readyState === 'complete'");
        browser.fill("#p", "111111");
        browser.click("#ok");
        browser.until("document.body.textContent.includes('已确认')");
    })
    .await;
    assert_eq!(space.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_logs_in_makes_out_a_code_and_sees_who_calls() {
    let ground = Ground::open().await;
    let space = ground.space("榕城软件").await;
    let token = space.token().await;
    space.notified(&token).await;
    assert_eq!(space.form("runs", "vendor=榕城软件&product=示范收费系统 5.2.1").await.0, 200);
    assert_eq!(space.form("run-end", "").await.0, 200);
    let url = format!("http://{}/", ground.center.operator_addr());
    let key = std::fs::read_to_string(ground.folder.path().join("testcenter/operator.key")).expect("a key");
    with_browser(move |browser| {
        browser.open(&url);
        assert_eq!(browser.violations(), Vec::<String>::new());
        browser.fill("input[name=key]", key.trim());
        browser.click("form button");
        browser.until("document.querySelector('h1')?.textContent === '空间'");
        browser.fill("input[name=for]", "海峡信息");
        browser.click("form[action='/codes'] button");
        browser.until("document.querySelector('.said')?.textContent.includes('海峡信息')");
        browser.keep_picture("testcenter-operator");
        assert_eq!(browser.violations(), Vec::<String>::new());
    })
    .await;
    ground.center.stop().await;
}
