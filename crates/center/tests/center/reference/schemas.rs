//! The members of every message: what it means, its form, its limits, and where the specification has it.

use serde_json::{Map, Value, json};
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::envelope::{MAX_ENC_DATA_DIGITS, MAX_ORG_ID, MAX_REQT_TYPE, VERSION};
use yanmi_protocol::message::decode::{MAX_FREE_TEXT, TRANS_TYPE};
use yanmi_protocol::message::status::{MAX_WAIT_SECONDS, STAGES};
use yanmi_protocol::message::{MAX_ID_NO, MAX_ORG_NAME, MAX_USER_NAME};

/// A member of a message.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    /// Its form and its limits, for people.
    pub(super) form: String,
    schema: Value,
    pub(super) meaning: &'static str,
    /// Where it is from: a section, or our extension.
    pub(super) section: &'static str,
}

/// A message.
pub(super) struct Schema {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) members: Vec<Member>,
}

fn member(
    name: &'static str,
    form: impl Into<String>,
    schema: Value,
    meaning: &'static str,
    section: &'static str,
) -> Member {
    Member { name, required: true, form: form.into(), schema, meaning, section }
}

impl Member {
    fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    fn json(&self) -> Value {
        let mut schema = self.schema.clone();
        schema["description"] = format!("{}。{}。{}", self.meaning, self.form, self.source()).into();
        schema
    }

    fn source(&self) -> String {
        if self.section.starts_with(|c: char| c.is_ascii_digit()) {
            format!("规范 {}", self.section)
        } else {
            self.section.to_owned()
        }
    }
}

impl Schema {
    pub(super) fn json(&self) -> Value {
        let properties: Map<String, Value> =
            self.members.iter().map(|member| (member.name.to_owned(), member.json())).collect();
        let required: Vec<&str> =
            self.members.iter().filter(|member| member.required).map(|member| member.name).collect();
        json!({"type": "object", "description": self.title, "required": required, "properties": properties})
    }
}

const EXTENSION: &str = "扩展（ext）";
const FIELD: &str = "现场约定";

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn text(limit: usize) -> Value {
    json!({"type": "string", "maxLength": limit})
}

fn flag() -> Value {
    json!({"type": "string", "enum": ["0", "1"]})
}

fn time(name: &'static str, meaning: &'static str) -> Member {
    member(name, TIME, pattern("^[0-9]{13}$"), meaning, EXTENSION).optional()
}

const TIME: &str = "13 位数字的字符串：1970-01-01T00:00:00Z 起的毫秒数";
const SERIAL: &str = "27 位数字：13 位中心流水号，接 yyyyMMddHHmmss（东八区）";
const CHECK_NUMBER: &str = "站点开放认证页的才有：两位核对号，参保人在认证页上看到的是同一个";

fn token(section: &'static str) -> Member {
    member(
        "token",
        "1 至 40 位字母或数字",
        pattern("^[0-9A-Za-z]{1,40}$"),
        "核验令牌，即解码所得的 ecToken",
        section,
    )
}

fn institution(name: &'static str, section: &'static str) -> Member {
    let form = "H 或 P 加 11 位数字（国标）；别的写法为 500316";
    member(name, form, pattern("^[HP][0-9]{11}$"), "定点医药机构代码，须登记在本业务系统编码之下", section)
}

fn extended(meaning: &'static str) -> Member {
    member("ext", "\"1\"；\"0\"、空串、null 等于没有", flag(), meaning, EXTENSION).optional()
}

fn notify() -> [Schema; 2] {
    let amount = json!({"oneOf": [
        {"type": "string", "pattern": "^[0-9]{1,14}(\\.[0-9]{1,2})?$"},
        {"type": "number", "minimum": 0},
    ]});
    let form = "元；十进制数字或数字字符串，不为负，整数至多 14 位，小数至多 2 位；不带千分位、货币单位；宜用字符串，不要用浮点数计算";
    let shown = format!("1 至 {MAX_ORG_NAME} 个可显示字符，不含控制字符、换行与控制书写方向的字符");
    let question = vec![
        token("1.7.1"),
        institution("orgCodg", "1.7.1"),
        member("orgName", shown, text(MAX_ORG_NAME), "定点医药机构名称；默认向参保人展示登记的名称", "1.7.1"),
        member(
            "totalAmount",
            form,
            amount,
            "预结算时医疗费总额，向参保人展示；金额一变就是另一笔，须重新确认",
            "1.7.1",
        )
        .optional(),
        extended("应答里要 checkNo"),
    ];
    let answer = vec![
        member("resBizNo", SERIAL, pattern("^[0-9]{27}$"), "响应流水号", "1.7.1"),
        member(
            "notcFlag",
            "\"1\" 或 \"0\"；本中心 code 为 0 时总是 \"1\"",
            flag(),
            "通知结果标识：1 已通知；0 未通知，按通知失败处理",
            "1.7.1",
        ),
        check_number(),
    ];
    [
        Schema {
            name: "NotifyRequest",
            title: "通知的入参：encData 的明文（规范 1.7.1）",
            members: question,
        },
        Schema {
            name: "NotifyAnswer",
            title: "通知的出参：data.encData 的明文（规范 1.7.1）",
            members: answer,
        },
    ]
}

fn check_number() -> Member {
    member("checkNo", "2 位数字", pattern("^[0-9]{2}$"), CHECK_NUMBER, EXTENSION).optional()
}

fn status() -> [Schema; 2] {
    let wait = format!("整数 1 至 {MAX_WAIT_SECONDS}（或同样的数字字符串）；须有 ext");
    let range = json!({"type": "integer", "minimum": 1, "maximum": MAX_WAIT_SECONDS});
    let question = vec![
        token("1.7.2"),
        institution("orgCodg", "1.7.2"),
        extended("应答里要 stage 等说明"),
        member("waitSeconds", wait, range, "状态不变则最多等这么多秒再答，省去轮询", EXTENSION).optional(),
    ];
    let ways = json!({"type": "string", "enum": ["01", "02", "03"]});
    let amount = pattern("^[0-9]{1,14}\\.[0-9]{2}$");
    let answer = vec![
        member(
            "checkStas",
            "\"1\" 或 \"0\"",
            flag(),
            "密码核验状态：1 已确认且仍有效，可以结算；其余一律 0",
            "1.7.2",
        ),
        member(
            "resBizNo",
            SERIAL,
            pattern("^[0-9]{27}$"),
            "响应流水号：最近一次通知的；没有通知过的另给一个",
            "1.7.2",
        ),
        member(
            "stage",
            format!("英文，取值 {}", STAGES.join("、")),
            json!({"type": "string", "enum": STAGES}),
            "所处阶段，给程序看",
            EXTENSION,
        )
        .optional(),
        member("stageDesc", "中文一句", text(100), "所处阶段，给经办人员看", EXTENSION).optional(),
        member("nextStep", "中文一至两句", text(200), "经办人员下一步做什么（规范 1.4.4(5)）", EXTENSION)
            .optional(),
        member(
            "checkWay",
            "01、02、03",
            ways,
            "确认方式：01 医保电子凭证密码，02 人脸识别，03 渠道支付密码",
            EXTENSION,
        )
        .optional(),
        time("checkTime", "确认的时间"),
        member(
            "checkAmount",
            "元，两位小数的字符串",
            amount,
            "所确认的金额；通知没有给金额的没有",
            EXTENSION,
        )
        .optional(),
        time("validUntil", "确认有效到什么时候"),
        check_number(),
    ];
    [
        Schema {
            name: "StatusRequest",
            title: "状态的入参：encData 的明文（规范 1.7.2）",
            members: question,
        },
        Schema {
            name: "StatusAnswer",
            title: "状态的出参：data.encData 的明文（规范 1.7.2）",
            members: answer,
        },
    ]
}

fn password() -> [Schema; 2] {
    const WHERE: &str = "1.3.1.2";
    let types: Vec<&str> = IdType::ALL.iter().map(|(code, _)| *code).collect();
    let number = format!(
        "1 至 {MAX_ID_NO} 个字符；01 为 15 位数字，或 17 位数字加一位数字或 X；全角、大小写、首尾空格都算同一个人"
    );
    let question = vec![
        member(
            "idType",
            "证件类型字典中的代码",
            json!({"type": "string", "enum": types}),
            "证件类型（规范 1.8.1）",
            WHERE,
        ),
        member("reqBizNo", "13 至 32 位数字", pattern("^[0-9]{13,32}$"), "请求流水号，由机构给", WHERE),
        member(
            "userPwd",
            "64 位十六进制（发送用大写）",
            pattern("^[0-9A-Fa-f]{64}$"),
            "六位密码的 SM3；不得保存、不得写日志",
            WHERE,
        ),
        member("userName", format!("1 至 {MAX_USER_NAME} 个字符"), text(MAX_USER_NAME), "姓名", WHERE),
        member("idNo", number, text(MAX_ID_NO), "证件号码", WHERE),
    ];
    let serial = "reqBizNo 接 yyyyMMddHHmmss（东八区），27 至 46 位数字";
    let answer = vec![
        member(
            "chkFlag",
            "\"1\" 或 \"0\"",
            flag(),
            "核验结果：1 正确，0 不正确；连错 5 次锁定 15 分钟（500084）",
            WHERE,
        ),
        member("resBizNo", serial, pattern("^[0-9]{27,46}$"), "响应流水号", WHERE),
    ];
    [
        Schema {
            name: "PasswordRequest",
            title: "密码核验的入参：encData 的明文（规范 1.3.1.2 的示例）",
            members: question,
        },
        Schema {
            name: "PasswordAnswer",
            title: "密码核验的出参：data.encData 的明文（规范 1.3.1.2 的示例）",
            members: answer,
        },
    ]
}

fn decode_question() -> [Schema; 2] {
    let types: Vec<&str> = BusinessType::ALL.iter().map(|(code, _)| *code).collect();
    let operation = format!("总是 {TRANS_TYPE}");
    let free = |name, meaning| {
        let form = format!("至多 {MAX_FREE_TEXT} 个字符，不作别的检查");
        member(name, form, text(MAX_FREE_TEXT), meaning, FIELD).optional()
    };
    let outer = vec![
        institution("orgId", FIELD),
        member("transType", operation, json!({"type": "string", "const": TRANS_TYPE}), "交易类型", FIELD),
        member("data", "JSON 对象", json!({"$ref": "#/components/schemas/DecodeData"}), "解码的入参", FIELD),
    ];
    let form = "业务类型字典中的代码（见 business-types.md）；别的为 500156";
    let data = vec![
        Member { meaning: "定点医药机构代码，与外层的相同", ..institution("orgId", FIELD) },
        member(
            "businessType",
            form,
            json!({"type": "string", "enum": types}),
            "用码业务类型；01301 为结算",
            FIELD,
        ),
        free("operatorId", "经办人编号"),
        free("operatorName", "经办人姓名"),
        free("officeId", "科室编号"),
        free("officeName", "科室名称"),
        member(
            "ecQrCode",
            "1 至 64 位字母或数字；现场为 28 位数字，424 开头",
            pattern("^[0-9A-Za-z]{1,64}$"),
            "手机上展示的二维码",
            FIELD,
        ),
        free("deviceType", "设备类型"),
    ];
    [
        Schema {
            name: "DecodeRequest", title: "解码的请求：明文，没有信封，不加密", members: outer
        },
        Schema { name: "DecodeData", title: "解码的入参 data", members: data },
    ]
}

fn decode_answer() -> Schema {
    let may = |name, form: String, limit, meaning| {
        let schema = json!({"oneOf": [text(limit), {"type": "null"}]});
        member(name, format!("{form}；没有的为 null"), schema, meaning, FIELD)
    };
    let up_to = |limit: usize| format!("至多 {limit} 个字符");
    let members = vec![
        may("userName", up_to(MAX_USER_NAME), MAX_USER_NAME, "姓名，没有掩码"),
        may("idNo", up_to(MAX_ID_NO), MAX_ID_NO, "证件号码，没有掩码"),
        may("idType", "2 位，证件类型字典中的代码".to_owned(), 2, "证件类型"),
        may("insuOrg", up_to(40), 40, "参保地医保区划"),
        may("ecIndexNo", "1 至 40 位字母或数字".to_owned(), 40, "电子凭证索引"),
        may(
            "ecToken",
            "1 至 40 位字母或数字；本中心成功时总有".to_owned(),
            40,
            "核验令牌：1.7.1、1.7.2 的 token",
        ),
        may("gender", "国家平台原样，如 1 男、2 女".to_owned(), 40, "性别"),
        may("birthday", "国家平台原样，如 1999-11-17".to_owned(), 40, "出生日期"),
        may("nationality", "国家平台原样，如 01".to_owned(), 40, "民族"),
        may("email", up_to(MAX_USER_NAME), MAX_USER_NAME, "电子邮箱"),
        may("chnlId", "1 至 40 位字母、数字或 . _ -；本中心成功时总有".to_owned(), 40, "展码的渠道编码"),
        may("ecQrCode", "与请求的相同；本中心成功时总有".to_owned(), 64, "二维码"),
        may("authNo", "1 至 64 位字母或数字；本中心总为 null".to_owned(), 64, "刷脸授权码"),
    ];
    Schema { name: "Decoded", title: "解码所得。成员总是齐全，没有的为 null", members }
}

const DIGITS: &str = "^([0-9A-Fa-f]{32})+$";

/// The envelope of a request, and what stands for the sealed message in an answer.
fn envelope() -> [Schema; 2] {
    const WHERE: &str = "1.3.2.1";
    let prefixed = format!("前缀&6 位省级医保区划代码，前缀任意，至多 {MAX_REQT_TYPE} 个字符");
    let sealed =
        format!("十六进制，长度为 32 的正整数倍，至多 {MAX_ENC_DATA_DIGITS} 位；大小写都收，发送用大写");
    let type_schema = json!({"type": "string", "maxLength": MAX_REQT_TYPE, "pattern": "^.*&[0-9]{6}$"});
    let data_schema = json!({"type": "string", "maxLength": MAX_ENC_DATA_DIGITS, "pattern": DIGITS});
    let members = vec![
        member("reqtType", prefixed, type_schema, "区划须是本中心的", WHERE),
        member(
            "encData",
            sealed,
            data_schema,
            "业务明文的密封：SM4-ECB、PKCS7，明文为 UTF-8 的 JSON 对象，至多 16 KiB",
            WHERE,
        ),
        member(
            "version",
            format!("总是 {VERSION}"),
            json!({"type": "string", "const": VERSION}),
            "版本",
            WHERE,
        ),
        member(
            "orgId",
            format!("1 至 {MAX_ORG_ID} 个字符"),
            text(MAX_ORG_ID),
            "业务系统编码：用谁的密钥加密",
            WHERE,
        ),
        member(
            "timestamp",
            "13 位数字的字符串（毫秒），也收整数；与中心相差不超过 10 分钟（可配置）",
            pattern("^[0-9]{13}$"),
            "发送时间",
            WHERE,
        ),
        member(
            "mac",
            "64 位十六进制",
            pattern("^[0-9A-Fa-f]{64}$"),
            "完整性，可选；算法见 messages.md",
            "扩展（mac）",
        )
        .optional(),
    ];
    let data = vec![member(
        "encData",
        "十六进制，32 的正整数倍",
        pattern(DIGITS),
        "出参的密封，密钥同请求",
        "1.3.2.2",
    )];
    [
        Schema {
            name: "Request",
            title: "请求的信封。成员次序任意，不认识的忽略，认识的重复出现是 -2",
            members,
        },
        Schema { name: "Sealed", title: "成功应答的 data", members: data },
    ]
}

fn outcome(code: Value, kind: &str, message: &'static str) -> Vec<Member> {
    const WHERE: &str = "1.3.2.2";
    vec![
        member("code", "整数", code, "返回码，只按它判断；全部见 codes.md", WHERE),
        member("type", format!("总是 {kind}"), json!({"type": "string", "const": kind}), "类型", WHERE),
        member("message", "中文", json!({"type": "string"}), message, WHERE),
    ]
}

/// The answers around what was asked for, sealed and plain.
fn answers() -> [Schema; 4] {
    let zero = || json!({"type": "integer", "const": 0});
    let other = || json!({"type": "integer", "not": {"const": 0}});
    let failed = || {
        let no = json!({"type": "boolean", "const": false});
        member("success", "总是 false", no, "只有拒绝才有", "1.3.2.2")
    };
    let mac = || {
        let form = "64 位十六进制，总是最后一个成员";
        member("mac", form, pattern("^[0-9A-Fa-f]{64}$"), "请求有 mac 且核对通过的，应答才有", "扩展（mac）")
            .optional()
    };
    let mut success = outcome(zero(), "success", "总是“成功”");
    success.push(member(
        "data",
        "JSON 对象",
        json!({"$ref": "#/components/schemas/Sealed"}),
        "密封的出参",
        "1.3.2.2",
    ));
    success.push(mac());
    let mut refusal = outcome(other(), "error", "返回码的说明，“：”之后是这一次的原因");
    refusal.push(failed());
    refusal.push(member("data", "空对象", json!({"type": "object"}), "没有内容", "1.3.2.2"));
    refusal.push(mac());
    let mut decoded = outcome(zero(), "success", "总是“成功”");
    decoded.push(member(
        "data",
        "JSON 对象",
        json!({"$ref": "#/components/schemas/Decoded"}),
        "解码所得",
        FIELD,
    ));
    let mut undecoded = outcome(other(), "error", "返回码的说明，“：”之后是这一次的原因");
    undecoded.retain(|member| member.name != "type");
    undecoded.push(failed());
    [
        Schema { name: "Success", title: "成功的应答（规范 1.3.2.2）", members: success },
        Schema { name: "Refusal", title: "拒绝，不密封。HTTP 状态同样是 200", members: refusal },
        Schema { name: "DecodeSuccess", title: "解码成功的应答，不密封", members: decoded },
        Schema { name: "DecodeRefusal", title: "解码的拒绝：没有 type 与 data", members: undecoded },
    ]
}

/// The messages of the calls.
pub(super) fn messages() -> Vec<Schema> {
    let mut all: Vec<Schema> =
        notify().into_iter().chain(status()).chain(password()).chain(decode_question()).collect();
    all.push(decode_answer());
    all
}

/// All of them.
pub(super) fn all() -> Vec<Schema> {
    envelope().into_iter().chain(answers()).chain(messages()).collect()
}
