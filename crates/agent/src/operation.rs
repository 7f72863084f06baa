//! The operations, one a file, and the table they are found by: from it requests are led to them, and the `OpenAPI`
//! document is written.

mod ask;
mod begin;
mod check;
mod find;
mod link;
mod send;
mod stand;
mod switch;

use bytes::Bytes;
use http::Method;
use yanmi_client::gate::VisitId;

pub(crate) use ask::ask;
pub(crate) use begin::{begin, decode};
pub(crate) use check::check;
pub(crate) use find::find;
pub(crate) use link::{PATH as LOGIN_PATH, link};
pub(crate) use send::send;
pub(crate) use stand::stand;
pub(crate) use switch::switch;

use crate::fault::Fault;
use crate::office::Office;
use crate::shape::{Member, Members, Shape};
use crate::shapes;

/// Where the members of a question stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Query,
    Body,
    Nowhere,
}

/// One operation of the interface.
pub(crate) struct Operation {
    /// Its name, also in the log.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// `{id}` stands for a visit.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) place: Place,
    pub(crate) question: fn() -> Vec<Member>,
    /// The name of the answer's schema.
    pub(crate) answer: &'static str,
    /// Whether this question is held: by the center, or by a person at a terminal or keypad.
    pub(crate) held: fn(&Members) -> bool,
    /// Whether something may be different afterwards.
    pub(crate) changes: bool,
    pub(crate) run: fn(&Office, Option<VisitId>, Members) -> Result<Bytes, Fault>,
}

/// Every operation a program may ask for with the token.
pub(crate) fn all() -> Vec<Operation> {
    let mut all = about_visits();
    all.extend(with_others());
    all
}

fn about_visits() -> Vec<Operation> {
    vec![
        Operation {
            id: "begin",
            method: Method::POST,
            path: "/visits",
            summary: "登记就诊：读取介质时调用",
            description: "扫码时给出 ecQrCode，由中心解码；已自行解码时给出 ecToken。介质在此登记，以后不再改变，也绝不由结算报文倒推。",
            place: Place::Body,
            question: shapes::Begin::members,
            answer: "Begun",
            held: |_| false,
            changes: true,
            run: |office, _, members| json(&begin(office, shapes::Begin::read(members)?)?),
        },
        Operation {
            id: "find",
            method: Method::GET,
            path: "/visits",
            summary: "今天的就诊，或某一编号的就诊",
            description: "HIS 重启之后由此接上。至多 100 条，新的在前。",
            place: Place::Query,
            question: shapes::Find::members,
            answer: "Found",
            held: |_| false,
            changes: false,
            run: |office, _, members| json(&find(office, shapes::Find::read(members)?)?),
        },
        Operation {
            id: "stand",
            method: Method::GET,
            path: "/visits/{id}",
            summary: "就诊记录，也可等待核验状态变化",
            description: "供显示进度用，不代表可以结算；能否结算只看 gate。",
            place: Place::Query,
            question: shapes::Stand::members,
            answer: "Standing",
            held: |members| members.has("wait"),
            changes: true,
            run: |office, id, members| json(&stand(office, known(id)?, &shapes::Stand::read(members)?)?),
        },
        Operation {
            id: "notice",
            method: Method::POST,
            path: "/visits/{id}/notice",
            summary: "发起线上密码核验认证通知（1.7.1），可重复",
            description: "未成功时 sent 为 false，advice 给出原因与下一步；HTTP 状态仍为 200。",
            place: Place::Body,
            question: shapes::Send::members,
            answer: "Sent",
            held: |_| false,
            changes: true,
            run: |office, id, members| json(&send(office, known(id)?, &shapes::Send::read(members)?)?),
        },
    ]
}

fn with_others() -> Vec<Operation> {
    vec![
        Operation {
            id: "gate",
            method: Method::GET,
            path: "/visits/{id}/gate",
            summary: "能否结算：每次结算前询问",
            description: "需要时先向中心查询（1.7.2）。判断先保存再回答。只有 HTTP 200 且 settle 为 true 才可结算；其他任何应答、没有应答都不可结算。",
            place: Place::Query,
            question: shapes::Ask::members,
            answer: "Gated",
            held: |_| false,
            changes: true,
            run: |office, id, members| json(&ask(office, known(id)?, &shapes::Ask::read(members)?)?),
        },
        Operation {
            id: "offline",
            method: Method::POST,
            path: "/visits/{id}/offline",
            summary: "线下密码核验认证（1.5）",
            description: "登记医保终端或动态库已做的核验；不给 outcome 时，由代理调用配置的医保终端（[terminal]）或动态库（[library]），参保人在终端上刷脸、输入密码，或在动态库的界面、密码键盘上输入密码。密码不经过本接口。",
            place: Place::Body,
            question: shapes::Check::members,
            answer: "Standing",
            held: |members| !members.has("outcome"),
            changes: true,
            run: |office, id, members| json(&check(office, known(id)?, &shapes::Check::read(members)?)?),
        },
        Operation {
            id: "token",
            method: Method::POST,
            path: "/visits/{id}/token",
            summary: "参保人换渠道应用重新展码（1.4.4(5)E）",
            description: "旧令牌的通知、确认、线下结果全部作废，须重新发起通知。",
            place: Place::Body,
            question: shapes::Switch::members,
            answer: "Begun",
            held: |_| false,
            changes: true,
            run: |office, id, members| json(&switch(office, known(id)?, &shapes::Switch::read(members)?)?),
        },
        Operation {
            id: "link",
            method: Method::POST,
            path: "/links",
            summary: "收费员页面的一次性链接",
            description: "HIS 可以把它交给本机浏览器打开。打开一次即失效，10 分钟不打开也失效。",
            place: Place::Nowhere,
            question: Vec::new,
            answer: "Link",
            held: |_| false,
            changes: false,
            run: |office, _, members| members.finish(&[]).and_then(|()| json(&link(office))),
        },
    ]
}

/// The visit of a path that names one.
fn known(id: Option<VisitId>) -> Result<VisitId, Fault> {
    id.ok_or_else(Fault::internal)
}

/// The answer on one line.
pub(crate) fn json(answer: &(impl serde::Serialize + Shape)) -> Result<Bytes, Fault> {
    serde_json::to_vec(answer).map(Bytes::from).map_err(|_| Fault::internal())
}
