//! A phone's life, with a center that writes down what the apps tell it.

use std::sync::atomic::Ordering;

use crate::stage::{self, Saying, Stage, read};
use serde_json::{Value, json};
use yanmi_protocol::message::{auth_result, password_free, pending};
use yanmi_protocol::{PasswordDigest, envelope};

const YES: &str = "{\"acptFlag\":\"1\"}";

async fn act(stage: &Stage, body: Value) -> (u16, Value) {
    let path = format!("/phones/{}/act", stage.person().ec_index_no.as_str());
    stage.control(&path, body).await
}

fn digest(password: &str) -> String {
    PasswordDigest::of(password).expect("six digits").to_hex().to_string()
}

#[tokio::test]
async fn wrong_password_then_confirm() {
    let stage = Stage::set().await;
    stage.push(&stage.notice(1, stage.channel())).await;
    stage.says(Saying::Yes("{\"acptFlag\":\"0\",\"leftCnt\":\"4\"}".to_owned()));
    let (status, said) = act(&stage, json!({"notcNo":"1000000000001","action":"wrongPassword"})).await;
    assert_eq!(status, 200);
    assert_eq!(said, json!({"code":0,"message":"成功","data":{"acptFlag":"0","leftCnt":"4"}}));
    assert_eq!(stage.phone().await, ["1000000000001 pending"]);
    stage.says(Saying::Yes(YES.to_owned()));
    let (_, said) = act(&stage, json!({"notcNo":"1000000000001","action":"confirm","way":"01"})).await;
    assert_eq!(said["data"], json!({"acptFlag":"1"}));
    assert_eq!(stage.phone().await, ["1000000000001 confirmed"]);

    let told: Vec<_> =
        stage.heard().into_iter().filter(|(path, ..)| path.as_str() == auth_result::PATH).collect();
    let channel = stage.channel().chnl_id.as_str();
    let expected = |password: &str| {
        json!({
            "notcNo":"1000000000001","authWay":"01","authStas":"1","authTime":"1700000000000",
            "userPwd": digest(password),
        })
    };
    assert_eq!(
        told,
        [
            (auth_result::PATH.to_owned(), channel.to_owned(), expected("000000")),
            (auth_result::PATH.to_owned(), channel.to_owned(), expected("111111")),
        ]
    );
}

#[tokio::test]
async fn every_action_and_way_is_told_to_the_center() {
    let stage = Stage::set().await;
    // Action, way → authStas, whether there is a digest, whether there is an authorization, state afterwards.
    let table = [
        ("confirm", "01", "1", true, false, "confirmed"),
        ("confirm", "02", "1", false, true, "confirmed"),
        ("confirm", "03", "1", false, false, "confirmed"),
        ("cancel", "01", "2", false, false, "cancelled"),
        ("notMe", "02", "3", false, false, "notMe"),
        ("wrongPassword", "03", "0", false, false, "failed"),
    ];
    for (number, (action, way, status, digest, face, state)) in (1..).zip(table) {
        let notice = stage.notice(number, stage.channel());
        stage.push(&notice).await;
        stage.says(Saying::Yes(YES.to_owned()));
        let number = notice.number.to_string();
        act(&stage, json!({"notcNo":number,"action":action,"way":way})).await;
        let heard = stage.heard();
        let (path, _, told) = heard.last().expect("told");
        assert_eq!((path.as_str(), &told["authStas"]), (auth_result::PATH, &json!(status)), "{action} {way}");
        assert_eq!((told["userPwd"].is_string(), told["authNo"].is_string()), (digest, face));
        assert_eq!(stage.phone().await[0], format!("{number} {state}"));
    }
}

#[tokio::test]
async fn the_right_face_is_right_and_the_wrong_one_wrong() {
    use yanmi_protocol::message::national;
    let stage = Stage::set().await;
    stage.push(&stage.notice(1, stage.channel())).await;
    let account = stage.world().national.clone();
    for (action, flag) in [("confirm", "1"), ("wrongPassword", "0")] {
        act(&stage, json!({"notcNo":"1000000000001","action":action,"way":"02"})).await;
        let heard = stage.heard();
        let number = heard.last().expect("told").2["authNo"].as_str().expect("a text").to_owned();
        assert!(number.starts_with("ano") && number.len() == 28);
        let number = yanmi_protocol::AuthNo::new(&number).expect("a number");
        let question = national::face_question(number, Some(stage.person().ec_index_no));
        let now = yanmi_protocol::UnixMillis::new(stage::NOW);
        let org_id = account.org_id.as_str();
        let body = envelope::request(&account.key, org_id, "cfc", stage::region(), now, question.as_bytes());
        let answer = stage.post(national::FACE_PATH, body).await.open(&account.key).expect("an answer");
        let plain = answer.1.expect("a message");
        assert_eq!(plain.as_str(), format!("{{\"chkFlag\":\"{flag}\"}}"), "{action}");
    }
}

#[tokio::test]
async fn a_lost_push_is_found_at_the_center_and_can_be_acted_upon() {
    let stage = Stage::set().await;
    let lost = stage.notice(7, stage.channel());
    // The first app asks first.
    stage.says(Saying::Yes(pending::answer_json(std::slice::from_ref(&lost))));
    assert_eq!(stage.phone().await, ["1000000000007 pending"]);
    let asked: Vec<String> = stage.heard().into_iter().map(|(_, channel, _)| channel).collect();
    let apps: Vec<&str> = stage.person().channels.iter().map(yanmi_protocol::ChannelId::as_str).collect();
    assert_eq!(asked, apps, "every app of the person asks");

    // After a restart the phone knows nothing at all, and finds it when it is to act.
    let fresh = stage.restarted().await;
    fresh.says(Saying::Yes(pending::answer_json(std::slice::from_ref(&lost))));
    for _ in 1..fresh.person().channels.len() {
        fresh.says(Saying::Yes("{\"notcs\":[]}".to_owned()));
    }
    fresh.says(Saying::Yes(YES.to_owned()));
    let (status, said) = act(&fresh, json!({"notcNo":"1000000000007","action":"confirm"})).await;
    assert_eq!((status, &said["code"]), (200, &json!(0)));
    assert_eq!(fresh.phone().await, ["1000000000007 confirmed"]);
}

#[tokio::test]
async fn a_newer_notice_replaces_and_time_expires() {
    let stage = Stage::set().await;
    stage.push(&stage.notice(1, stage.channel())).await;
    stage.time.fetch_add(5_000, Ordering::Relaxed);
    stage.push(&stage.notice(2, stage.channel())).await;
    assert_eq!(stage.phone().await, ["1000000000002 pending", "1000000000001 replaced"]);
    stage.time.fetch_add(300_000, Ordering::Relaxed);
    assert_eq!(stage.phone().await, ["1000000000002 expired", "1000000000001 replaced"]);
    // Whether an old notice still counts, the center says.
    let refusal = envelope::refusal(yanmi_protocol::Code::BadNoticeNo, "非法经办流水号");
    stage.says(Saying::Body(refusal));
    let (status, said) = act(&stage, json!({"notcNo":"1000000000001","action":"confirm"})).await;
    assert_eq!((status, said), (200, json!({"code":500_014,"message":"非法经办流水号","data":{}})));
}

#[tokio::test]
async fn the_phone_shows_exactly_what_the_contract_names() {
    let stage = Stage::set().await;
    let mut notice = stage.notice(2, stage.channel());
    notice.url = Some("https://yanmi.example/p/AAAA".to_owned());
    stage.push(&notice).await;
    let url =
        format!("http://{}/phones/{}/notices", stage.simulator.addr(), stage.person().ec_index_no.as_str());
    let caller = yanmi_simulator::outgoing::Caller::new();
    let (_, shown) = read(&caller.get(&url, stage::DEADLINE).await.expect("an answer"));
    let expected = json!({"notices":[{
        "notcNo":"1000000000002","chnlId":stage.channel().chnl_id.as_str(),"orgName":"福州示范医院",
        "totalAmount":"128.50","expTime":"1700000300000","state":"pending",
        "alerts":1,"authUrl":"https://yanmi.example/p/AAAA",
    }]});
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn password_free_is_switched_by_the_person_and_at_the_beginning() {
    let stage = Stage::set().await;
    let free = &stage.world().channels[1];
    let path = format!("/phones/{}/passwordFree", stage.person().ec_index_no.as_str());
    stage.says(Saying::Yes("{\"openFlag\":\"1\"}".to_owned()));
    let body = json!({"chnlId":free.chnl_id.as_str(),"openFlag":"1","singleAmt":"200","dayCnt":3});
    let (status, said) = stage.control(&path, body).await;
    assert_eq!((status, &said["data"]), (200, &json!({"openFlag":"1"})));
    let told = json!({
        "ecIndexNo":stage.person().ec_index_no.as_str(),"openFlag":"1","singleAmt":"200.00","dayCnt":"3"
    });
    assert_eq!(stage.heard(), [(password_free::PATH.to_owned(), free.chnl_id.as_str().to_owned(), told)]);
    let (status, error) =
        stage.control(&path, json!({"chnlId":free.chnl_id.as_str(),"openFlag":"1","dayAmt":"-1"})).await;
    assert_eq!((status, error["error"].is_string()), (400, true));

    stage.says(Saying::Yes("{\"openFlag\":\"1\"}".to_owned()));
    stage.simulator.switch_password_free().await.expect("the center agrees");
    let heard = stage.heard();
    assert_eq!((heard.len(), heard[0].0.as_str()), (1, password_free::PATH));
    let why = stage.simulator.switch_password_free().await.expect_err("the center refuses").to_string();
    assert!(why.starts_with("中心拒绝开通免密：500014"), "{why}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_chinese() {
    let stage = Stage::set().await;
    stage.push(&stage.notice(1, stage.channel())).await;
    let table = [
        (json!({"notcNo":"1000000000001"}), 400, "请求体应为 JSON 对象，成员：notcNo、action，可选 way"),
        (
            json!({"notcNo":"1000000000001","action":"dance"}),
            400,
            "action 应为 confirm、wrongPassword、cancel、notMe 之一",
        ),
        (json!({"notcNo":"1000000000001","action":"confirm","way":"04"}), 400, "way 应为 01、02、03 之一"),
        (json!({"notcNo":"1000000000009","action":"confirm"}), 404, "该参保人的手机上没有这条通知（notcNo）"),
        (json!({"notcNo":"x","action":"confirm"}), 404, "该参保人的手机上没有这条通知（notcNo）"),
    ];
    for (body, status, error) in table {
        assert_eq!(act(&stage, body).await, (status, json!({ "error": error })));
    }
    let (status, _) = stage.control("/phones/X/act", json!({"notcNo":"1","action":"confirm"})).await;
    assert_eq!(status, 404);
    let nobody = json!({"ecIndexNo":"X","chnlId":stage.channel().chnl_id.as_str()});
    assert_eq!(stage.control("/qr", nobody).await.0, 404);
    let nowhere = json!({"ecIndexNo":stage.person().ec_index_no.as_str(),"chnlId":"X"});
    assert_eq!(stage.control("/qr", nowhere).await.0, 404);
    stage.says(Saying::Body("nonsense".to_owned()));
    let (status, error) = act(&stage, json!({"notcNo":"1000000000001","action":"confirm"})).await;
    assert_eq!((status, error["error"].as_str().is_some_and(|text| text.contains("不合规范"))), (502, true));
}
