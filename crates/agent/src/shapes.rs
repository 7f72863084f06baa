//! Every question and every answer of the interface.

use serde::Serialize;
use serde_json::{Value, json};
use yanmi_client::gate::{Exemption, Medium, NextStep, ProofWay, Reason, Rules, Settlement, VisitId, Way};
use yanmi_protocol::{Amount, EcToken, QrCode};

use crate::shape::{Outcome, Shape, answer, question};

question! {
    /// A person has come.
    Begin {
        medium "medium": Option<Medium>, "就诊凭证介质，读取时即登记；缺省为 qrCode";
        qr_code "ecQrCode": Option<QrCode>, "扫得的医保电子凭证二维码，由中心解码";
        token "ecToken": Option<EcToken>, "已由机构自行解码时，解码得到的令牌；与 ecQrCode 二者给一";
        place "insuOrg": Option<String>, "参保地区划，用于判断是否跨省；给出 ecQrCode 时由解码得到";
        serial "serial": Option<String>, "介质为 terminalFace 时，终端给出的流水号或授权号（authNo），即刷脸的凭据；没有的，须由接入的医保终端刷脸";
        reference "reference": Option<String>, "机构自己的就诊编号，1 至 64 个字符；重复提交同一编号得到同一就诊";
        operator_id "operatorId": Option<String>, "经办人编号，缺省取配置";
        operator_name "operatorName": Option<String>, "经办人姓名，缺省取配置";
        office_id "officeId": Option<String>, "科室编号，缺省取配置";
        office_name "officeName": Option<String>, "科室名称，缺省取配置";
    }
    /// Which visits: those of a number, or those of today.
    Find {
        reference "reference": Option<String>, "机构自己的就诊编号；不给则为今天有过变化的就诊";
    }
    /// A notice to be sent.
    Send {
        amount "amount": Option<Amount>, "本次结算金额（医疗费总额），元；不给则按不带金额核验";
    }
    /// Where it stands.
    Stand {
        wait "wait": Option<Wait>, "先向中心查询核验状态，最多等待这么多秒直到变化，0 至 30；不给则只读记录";
    }
    /// May it be settled?
    Ask {
        amount "amount": Amount, "医疗费总额，元";
        kind "kind": Option<Kind>, "结算种类（pharmacy、outpatient、inpatient、registration、reversal），或医保交易编号，包括配置 gate.more 所列的；缺省取配置 agent.kind，未配置则必须给出";
    }
    /// An offline check that was made.
    Check {
        way "way": Way, "核验方式：terminalFace、terminalPassword 或 libraryPassword";
        outcome "outcome": Option<Outcome>, "结果；不给则由代理调用配置的医保终端（[terminal]）或动态库（[library]）核验";
        serial "serial": Option<String>, "终端或动态库给出的流水号；结果为 passed 而没有流水号的，gate 不予采信（除非配置 gate.bare_claims）";
        token "ecToken": Option<EcToken>, "终端或动态库回传的令牌";
        message "message": Option<String>, "终端或动态库的说明；不得含密码与个人信息";
    }
    /// Another code in the same visit.
    Switch {
        qr_code "ecQrCode": Option<QrCode>, "重新扫得的二维码，由中心解码";
        token "ecToken": Option<EcToken>, "已自行解码时的令牌；与 ecQrCode 二者给一";
    }
}

/// A kind of settlement as a program says it: a word, or the number of an insurance call. Which numbers there are is for the
/// site to say, so it is looked up by the operation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kind(String);

impl Kind {
    /// What it stands for under the site's rules.
    pub(crate) fn of(&self, rules: &Rules) -> Option<Settlement> {
        <Settlement as crate::shape::Readable>::read(&self.0).ok().or_else(|| rules.kind(&self.0))
    }
}

impl Shape for Kind {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Za-z]{1,16}$", "examples": ["outpatient", "2207"]})
    }
}

impl crate::shape::Readable for Kind {
    fn read(text: &str) -> Result<Self, &'static str> {
        let fits = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err("应为结算种类或医保交易编号") }
    }
}

/// Seconds to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) u64);

/// The longest a status query is held, in seconds.
pub(crate) const MAX_WAIT_SECONDS: u64 = 30;

impl Shape for Wait {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^([0-9]|[12][0-9]|30)$"})
    }
}

impl crate::shape::Readable for Wait {
    fn read(text: &str) -> Result<Self, &'static str> {
        let digits = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|seconds| digits && *seconds <= MAX_WAIT_SECONDS);
        seconds.map(Self).ok_or("应为 0 至 30 的整数")
    }
}

/// A word of the library's own vocabulary, written as its records write it.
macro_rules! vocabulary {
    ($($type:ty: $($word:literal)+;)+) => { $(
        impl Shape for $type {
            fn schema() -> Value {
                json!({"type": "string", "enum": [$($word),+]})
            }
        }
    )+ };
}

vocabulary! {
    ProofWay: "online" "onlinePassword" "onlineFace" "onlineChannel" "terminalFace" "terminalPassword" "libraryPassword";
    NextStep: "notify" "rescan" "wait" "ask" "terminalFace" "terminalPassword" "libraryPassword" "identify" "inform";
    Exemption: "reversal" "switchedOff" "crossProvince" "card";
    Reason: "noWay" "notNotified" "notConfirmed" "cancelled" "notMe" "locked" "lapsed" "channelFailed" "amountNotCovered" "anotherToken" "anotherSerial" "proofExpired"
        "statusMissing" "foreign" "noticeFailed" "timedOut" "unreachable" "refused" "noEvidence" "offlineMissing" "offlineFailed"
        "offlineUnavailable";
    Word: "settle" "refuse" "fallBack";
}

/// The three answers of the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Word {
    Settle,
    Refuse,
    FallBack,
}

answer! {
    /// A visit as it is recorded.
    Visit {
        id "id": VisitId, "就诊编号";
        reference "reference": Option<String>, "机构自己的就诊编号";
        medium "medium": Medium, "就诊凭证介质";
        token "ecToken": Option<String>, "当前令牌";
        way "way": Option<Way>, "安全认证方式";
        cross_province "crossProvince": bool, "是否跨省参保人";
        begun_at "begunAt": String, "读取介质的时间，毫秒时间戳";
        notices "notices": u32, "对当前令牌已发起的通知次数";
        check_number "checkNo": Option<String>, "核对号：参保人的页面要求与窗口核对的数字，请念给参保人或显示出来";
        stage "stage": Option<Stage>, "最近一次查询到的线上核验状态；不代表可以结算";
        offline "offline": Option<Stage>, "线下核验结果；不代表可以结算";
        decision "decision": Option<Decision>, "最近一次判断；每次结算前应重新询问";
    }
    /// Where something stands, for a screen.
    Stage {
        confirmed "confirmed": bool, "是否已完成";
        message "message": String, "状态";
        next "next": String, "下一步；没有则为空";
    }
    /// Who the code belongs to, as the center decoded it. Not recorded.
    Person {
        user_name "userName": Option<String>, "姓名";
        id_no "idNo": Option<String>, "证件号码";
        id_type "idType": Option<String>, "证件类型";
        insu_org "insuOrg": Option<String>, "参保地";
        ec_index_no "ecIndexNo": Option<String>, "电子凭证索引号";
        gender "gender": Option<String>, "性别";
        birthday "birthday": Option<String>, "出生日期";
        chnl_id "chnlId": Option<String>, "展码渠道";
    }
    /// A visit that was begun, or was there already.
    Begun {
        visit "visit": Visit, "就诊";
        new "new": bool, "是否新登记；false 表示此编号已登记过";
        person "person": Option<Person>, "解码得到的参保人；仅在解码时给出一次，不保存";
    }
    /// Visits.
    Found {
        visits "visits": Vec<Visit>, "就诊，新的在前，至多 100 条";
    }
    /// What came of a notice.
    Sent {
        done "sent": bool, "渠道是否已收到通知，或本次免密";
        password_free "passwordFree": bool, "是否免密（500320）";
        advice "advice": Option<Advice>, "未成功时的原因与下一步";
        visit "visit": Visit, "就诊";
        clock "clock": Option<String>, "本机时钟与中心相差过大时的提示";
    }
    /// A visit by itself.
    Standing {
        visit "visit": Visit, "就诊";
        clock "clock": Option<String>, "本机时钟与中心相差过大时的提示";
    }
    /// Why not, and the next step.
    Advice {
        reason "reason": Reason, "原因，供程序使用";
        center_code "centerCode": Option<i64>, "中心的响应状态码";
        why "why": String, "原因，给经办人";
        next "next": String, "下一步，给经办人";
        steps "steps": Vec<NextStep>, "同上，供程序使用，先做的在前：notify 发通知，rescan 换码后发通知，wait 等参保人，ask 再问 gate，terminalFace、terminalPassword、libraryPassword 线下核验，identify 核实身份，inform 告知信息科";
    }
    /// What a settlement rests on.
    Proof {
        way "way": ProofWay, "认证方式";
        time "time": String, "认证时间，毫秒时间戳";
        res_biz_no "resBizNo": Option<String>, "流水号";
        password_free "passwordFree": bool, "是否免密（500320）";
        covers "covers": Option<String>, "认证覆盖的最高金额；null 为不限";
        claimed "claimed": bool, "是否没有流水号也没有设备结果，仅凭登记（配置 gate.bare_claims）";
    }
    /// What was decided.
    Decision {
        settle "settle": bool, "是否可以结算；只有 true 才可结算";
        verdict "verdict": Word, "settle 可以结算；refuse 不能结算；fallBack 不能结算，请改用线下方式";
        message "message": String, "给经办人的一句话";
        proof "proof": Option<Proof>, "可以结算的依据";
        exemption "exemption": Option<Exemption>, "无需核验的原因";
        advice "advice": Option<Advice>, "不能结算的原因与下一步";
        kind "kind": Settlement, "结算种类";
        amount "amount": String, "金额，元";
        at "at": String, "判断时间，毫秒时间戳";
    }
    /// The gate's answer.
    Gated {
        decision "decision": Decision, "判断，已保存";
        settle "settle": bool, "是否可以结算；只有 true 才可结算";
        visit "visit": Visit, "就诊";
        clock "clock": Option<String>, "本机时钟与中心相差过大时的提示";
    }
    /// A link for the clerk's browser.
    Link {
        url "url": String, "在收费员的浏览器中打开；只能打开一次";
        expires_at "expiresAt": String, "何时失效，毫秒时间戳";
    }
    /// Why nothing was done.
    Problem {
        code "code": String, "供程序使用的词";
        member "member": Option<String>, "有误的成员；与成员无关时为 null";
        message "message": String, "给人看的说明";
    }
    /// That the agent runs.
    Health {
        status "status": String, "ok";
    }
}
