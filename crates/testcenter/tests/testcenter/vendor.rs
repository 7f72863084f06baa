//! What a vendor does in a space of his own.

use yanmi_protocol::Code;

use crate::ground::Ground;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_makes_a_space_and_is_right_before_lunch() {
    let ground = Ground::open().await;
    let space = ground.space("榕城软件").await;
    let account = &space.world.accounts[0];
    assert!(account.org_id.as_str().starts_with("t-"), "everybody sees that it is for trying");
    let page = space.page().await;
    for shown in [
        account.org_id.as_str(),
        account.key.to_hex().as_str(),
        &account.kcv,
        "联调环境",
        "不得使用生产环境的密钥",
        &format!("{}/cfc/api/tokenPwdCheckNotc", space.base),
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let token = space.token().await;
    let (notice, _) = space.notified(&token).await;
    assert_eq!(space.status(&token).await, "0", "nobody confirmed yet");
    space.confirm(&notice).await;
    assert_eq!(space.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_passes_in_a_space_at_once_and_programs_keep_their_own() {
    let ground = Ground::open().await;
    let (space, other) = (ground.space("一").await, ground.space("二").await);
    let (token, others) = (space.token().await, other.token().await);
    let (notice, _) = space.notified(&token).await;
    let (status, page) = space.form("clock", "span=31m").await;
    assert_eq!(status, 200);
    assert!(page.contains("31 分钟过去了") && page.contains("比真实时间快 31 分钟"), "{page}");
    // The program's own time is half an hour behind the space's by now, and it is not refused.
    assert_eq!(space.status(&token).await, "0", "nobody confirmed in time");
    // Whoever confirms now is too late.
    let index = space.world.persons[0].ec_index_no;
    let late = serde_json::json!({ "notcNo": notice, "action": "confirm", "way": "01" });
    let said = space.control(&format!("/phones/{}/act", index.as_str()), &late).await;
    assert_ne!(said["code"], 0, "{said}");
    let (confirmed, _) = other.notified(&others).await;
    other.confirm(&confirmed).await;
    assert_eq!(other.status(&others).await, "1", "nobody else's time has passed");
    let ground = ground.restart().await;
    let again = ground.enter(&space.path()).await;
    assert!(again.page().await.contains("比真实时间快 31 分钟"), "it survives a restart");
    for wrong in ["span=", "span=-1d", "span=31"] {
        assert_eq!(again.form("clock", wrong).await.0, 400, "{wrong}");
    }
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_open_is_explained_on_the_page_and_magic_tokens_work() {
    let ground = Ground::open().await;
    let space = ground.space("三").await;
    let none = space.world.magic_tokens["500001"].0;
    assert_eq!(space.notify(none.as_str()).await.answer.code, i64::from(Code::CredentialNotFound.number()));
    let bad = r#"{"encData":"00112233445566778899AABBCCDDEEFF","orgId":"t-nobody","version":"1.0","reqtType":"sys&350000","timestamp":"1"}"#;
    let url = "/cfc/api/tokenPwdStas";
    let said = space.institution().raw(url, bad).await.expect("an answer");
    assert!(!said.body.is_empty());
    let events = crate::ground::raw(
        ground.center.addr(),
        &format!("GET {}play/watch/world HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", space.path()),
    )
    .await;
    assert!(
        events.contains(&space.base) && !events.contains("\"institutionUrl\":\"http://127.0.0.1:0"),
        "{events}"
    );
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_ones_own_is_taken_and_one_of_production_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let production = yanmi_protocol::Sm4Key::from_bytes(&[9; 16]);
    let file = folder.path().join("kcv.txt");
    std::fs::write(&file, format!("# 生产\n{} his001\n", production.kcv())).expect("written");
    let ground =
        Ground::with(&format!("open = true\nrefused_keys = {:?}\n", file.display().to_string())).await;
    let space = ground.space("四").await;
    let (status, page) = space.form("key", &format!("key={}", production.to_hex().as_str())).await;
    assert_eq!(status, 400);
    assert!(page.contains("生产环境的密钥") && page.contains(&production.kcv().to_string()), "{page}");
    assert!(!page.contains(production.to_hex().as_str()), "it is not repeated");
    assert_eq!(space.form("key", "key=123").await.0, 400);
    let own = yanmi_protocol::Sm4Key::from_bytes(&[8; 16]);
    assert_eq!(space.form("key", &format!("key={}", own.to_hex().as_str())).await.0, 200);
    let changed = ground.enter(&space.path()).await;
    assert_eq!(changed.world.accounts[0].kcv, own.kcv().to_string());
    let token = changed.token().await;
    assert_eq!(changed.notify(&token).await.answer.code, 0);
    // As the page says: the key of before goes on until the next change.
    let other = changed.token().await;
    assert_eq!(space.notify(&other).await.answer.code, 0);
    assert_eq!(changed.form("key", "key=").await.0, 200);
    let last = ground.enter(&space.path()).await.token().await;
    assert_eq!(space.notify(&last).await.answer.code, i64::from(Code::Denied.number()));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_tied_to_its_institution_calls_for_it() {
    let ground = Ground::open().await;
    let space = ground.space("七").await;
    for (wrong, why) in [
        ("code=123&name=x", "定点医药机构代码"),
        ("code=H35012100009&name=", "请填写机构名称"),
        ("code=P35010000001&name=x", "另一家机构"),
    ] {
        let (status, page) = space.form("institution", wrong).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(page.contains(why), "{wrong}");
    }
    assert_eq!(space.form("institution", "code=H35012100009&name=某某县医院").await.0, 200);
    let space = ground.enter(&space.path()).await;
    assert_eq!(space.world.accounts[0].institutions[0].org_codg.as_str(), "H35012100009");
    let token = space.token().await;
    let (notice, _) = space.notified(&token).await;
    space.confirm(&notice).await;
    assert_eq!(space.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_space_survives_restarts_and_begins_anew_when_its_owner_says_so() {
    let ground = Ground::open().await;
    let space = ground.space("五").await;
    let token = space.token().await;
    let (notice, _) = space.notified(&token).await;
    let ground = ground.restart().await;
    let again = ground.enter(&space.path()).await;
    assert_eq!(again.world.accounts[0].kcv, space.world.accounts[0].kcv);
    again.confirm(&notice).await;
    assert_eq!(again.status(&token).await, "1", "begun before, confirmed after");
    assert_eq!(again.form("restart", "sure=yes").await.0, 400);
    assert_eq!(again.form("restart", "sure=从头开始").await.0, 200);
    let fresh = ground.enter(&space.path()).await;
    assert_ne!(fresh.world.accounts[0].kcv, space.world.accounts[0].kcv);
    assert!(fresh.page().await.contains("五"), "its name is kept");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_configuration_is_one_the_client_reads() {
    let ground = Ground::open().await;
    let space = ground.space("六").await;
    let answer = ground.get(&format!("{}client.toml", space.path())).await;
    let text = String::from_utf8(answer.body.to_vec()).expect("text");
    let config = yanmi_client::ClientConfig::from_toml(&text, ground.folder.path(), &|_| None).expect("good");
    assert_eq!(config.account.org_id, space.world.accounts[0].org_id);
    ground.center.stop().await;
}

/// Every mistake that the vectors of the tool kit have.
fn mistakes() -> Vec<(String, serde_json::Value)> {
    let text = include_str!("../../../../kit/vectors.json");
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).expect("vectors");
    all.into_iter().filter(|(name, _)| name.starts_with("mistake: ")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_of_a_wrong_encoder_is_named_in_the_stream() {
    let ground = Ground::with("open = true\n[limits]\nrequests_per_second = 1000\n").await;
    let all = mistakes();
    assert!(all.len() >= 30);
    let mut keys: Vec<&str> = all.iter().filter_map(|(_, row)| row["key"].as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    for text in keys {
        // An account has one key; whoever has another one of the vectors is another vendor.
        let key =
            yanmi_protocol::Sm4Key::from_hex(text).or_else(|_| yanmi_protocol::Sm4Key::from_ascii(text));
        let key = key.expect("a key").to_hex();
        let space = ground.space("编码有误").await;
        assert_eq!(space.form("key", &format!("key={}", key.as_str())).await.0, 200);
        let space = ground.enter(&space.path()).await;
        let own = all.iter().filter(|(_, row)| row["key"] == text);
        for (name, row) in own {
            let stream = space.caller.clone();
            let body = serde_json::json!({
                "orgId": space.world.accounts[0].org_id.as_str(), "version": "1.0.0", "reqtType": "sys&350000",
                "timestamp": ground.now().to_string(), "encData": row["encData"],
            });
            let url = format!("{}/cfc/api/tokenPwdStas", space.base);
            let answer = stream.post(&url, body.to_string().into(), crate::ground::PATIENCE).await;
            let answer = answer.expect("an answer");
            let said: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert_ne!(said["code"], 0, "{name}");
            let advice = row["says"].as_str().expect("an advice");
            assert!(seen(&ground, &space, advice).await, "{name}: {advice}");
        }
    }
    ground.center.stop().await;
}

/// Whether the space's stream says this, now or as soon as it does.
async fn seen(ground: &Ground, space: &crate::ground::Space, words: &str) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = tokio::net::TcpStream::connect(ground.center.addr()).await.expect("a connection");
    let head = format!("GET {}play/events HTTP/1.1\r\nhost: x\r\n\r\n", space.path());
    stream.write_all(head.as_bytes()).await.expect("sent");
    let (mut bytes, mut part) = (Vec::new(), vec![0; 16 * 1024]);
    let reading = async {
        loop {
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return false,
                Ok(read) => bytes.extend_from_slice(&part[..read]),
            }
            let text = whole(&bytes);
            if words.lines().all(|line| text.contains(line)) {
                return true;
            }
        }
    };
    tokio::time::timeout(crate::ground::PATIENCE, reading).await.unwrap_or(false)
}

/// The text without the sizes of the pieces it came in, which may stand within a word.
fn whole(bytes: &[u8]) -> String {
    let pieces = bytes.split(|byte| *byte == b'\r').map(|piece| piece.strip_prefix(b"\n").unwrap_or(piece));
    let is_size = |piece: &&[u8]| piece.len() <= 8 && piece.iter().all(u8::is_ascii_hexdigit);
    String::from_utf8_lossy(&pieces.filter(|piece| !is_size(piece)).collect::<Vec<_>>().concat()).into_owned()
}
