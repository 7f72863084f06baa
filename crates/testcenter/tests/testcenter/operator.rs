//! The operator: codes for spaces, what goes on in them, and their end.

use std::time::Duration;

use crate::ground::{Ground, raw};

/// The operator's browser.
struct Desk<'a> {
    ground: &'a Ground,
    cookie: String,
}

impl<'a> Desk<'a> {
    async fn log_in(ground: &'a Ground) -> Self {
        let key =
            std::fs::read_to_string(ground.folder.path().join("testcenter/operator.key")).expect("a key");
        let answer = send(ground, "POST", "/login", "", &format!("key={}", key.trim())).await;
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a session");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        Self { ground, cookie }
    }

    async fn page(&self) -> String {
        send(self.ground, "GET", "/", &self.cookie, "").await
    }

    async fn post(&self, path: &str, form: &str) -> String {
        send(self.ground, "POST", path, &self.cookie, form).await
    }
}

async fn send(ground: &Ground, method: &str, path: &str, cookie: &str, body: &str) -> String {
    let address = ground.center.operator_addr();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    raw(address, &request).await
}

/// The code on the page, behind the words of the answer.
fn code_of(page: &str) -> String {
    let (_, rest) = page.split_once("的空间码是 ").expect("a code");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_code_there_is_no_space_and_a_code_is_good_once() {
    let ground = Ground::with("").await;
    let without = ground.post("/spaces", "name=甲&contact=x").await;
    assert_eq!(without.status, 400);
    assert!(String::from_utf8_lossy(&without.body).contains("空间码"));
    let desk = Desk::log_in(&ground).await;
    let code = code_of(&desk.post("/codes", "for=榕城软件").await);
    let form = format!("name=甲&contact=林工&code={code}");
    assert_eq!(ground.post("/spaces", &form).await.status, 303);
    assert_eq!(ground.post("/spaces", &form).await.status, 400, "used up");
    let old = code_of(&desk.post("/codes", "for=海峡信息").await);
    ground.pass(Duration::from_hours(31 * 24));
    assert_eq!(ground.post("/spaces", &format!("name=乙&contact=x&code={old}")).await.status, 400, "too old");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_who_calls_and_ends_a_space() {
    let ground = Ground::open().await;
    let space = ground.space("榕城软件").await;
    let token = space.token().await;
    space.notify(&token).await;
    let desk = Desk::log_in(&ground).await;
    let page = desk.page().await;
    for shown in ["榕城软件", "0591-00000000", "2024-11-14 12:00:00", "运行中"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains(space.world.accounts[0].key.to_hex().as_str()), "no key is shown");
    let path = space.path();
    let id = path.trim_matches('/').rsplit('/').next().expect("an id");
    assert!(desk.post("/prolong", &format!("space={id}")).await.contains("已延长"));
    assert!(desk.post("/close", &format!("space={id}&sure=no")).await.contains("请输入空间的名称"));
    assert!(desk.post("/close", &format!("space={id}&sure=榕城软件")).await.contains("空间已结束"));
    assert_eq!(ground.get(&path).await.status, 404);
    assert!(!ground.folder.path().join("testcenter/spaces").join(id).exists());
    assert!(desk.post("/spaces", "name=代建&contact=x").await.contains("已新建"));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_the_operator() {
    let ground = Ground::open().await;
    for (method, path) in
        [("GET", "/"), ("POST", "/codes"), ("POST", "/close"), ("POST", "/spaces"), ("GET", "/x")]
    {
        for cookie in ["", "yanmi-testcenter=", "yanmi-testcenter=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            let answer = send(&ground, method, path, cookie, "for=x").await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{method} {path}: {answer}");
        }
    }
    let mut wrong = 0;
    for _ in 0..12 {
        let answer = send(&ground, "POST", "/login", "", "key=guess").await;
        wrong += usize::from(answer.starts_with("HTTP/1.1 403"));
        assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 429"), "{answer}");
    }
    assert_eq!(wrong, 10, "ten tries a minute");
    // The front has none of it.
    for path in ["/login", "/codes", "/close"] {
        assert_eq!(ground.post(path, "").await.status, 404);
    }
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_only_text_for_the_operator_too() {
    let ground = Ground::open().await;
    ground.space("%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E").await;
    let desk = Desk::log_in(&ground).await;
    let page = desk.post("/codes", "for=%3Cscript%3E").await;
    assert!(!page.contains("<img") && !page.contains("<script"), "{page}");
    ground.center.stop().await;
}
