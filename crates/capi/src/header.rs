//! `yanmi.h`, generated: the signatures from the text of [`crate::exports`], the numbers from [`Kind`], the words for
//! those who read it from the table below. The tables of the guide come from the same.

use std::fmt::Write as _;
use std::path::Path;

use crate::fault::Kind;
use crate::text::MAX_INPUT;

const SOURCE: &str = include_str!("exports.rs");

/// Each function in the order of the header, and what it is to its caller.
const FUNCTIONS: [(&str, &str); 16] = [
    ("yanmi_version", "本库版本（ASCII）。永不为 NULL，不要释放。"),
    (
        "yanmi_open",
        "打开配置：文件路径；以 { 开头则为 JSON 内容；多行则为 TOML 内容。成功时句柄为正数，用完以 yanmi_close 关闭。",
    ),
    ("yanmi_close", "关闭句柄。重复关闭、关闭后再用都会被发现，返回 9004。"),
    (
        "yanmi_message",
        "本线程上一次调用的一行中文提示（可直接给经办人员看），返回值为上一次调用的返回值。encoding：0 为 UTF-8，1 为 GBK。",
    ),
    (
        "yanmi_scan",
        "扫码：送中心解码并登记就诊。除 qr_code 外都可为 NULL；business 缺省为 01301。就诊编号（32 字符）写入 visit_out，至少 33 字节。",
    ),
    (
        "yanmi_begin",
        "登记就诊（读的是其他介质，或已在别处解码）。medium：0 二维码（须给 token），1 身份证，2 社保卡，3 终端刷脸（随后由 yanmi_verify_offline 刷脸，或 yanmi_record_offline 登记带流水号的结果），4 其他。",
    ),
    ("yanmi_switch_token", "参保人换渠道应用重新展码：给出新令牌。旧令牌的结果全部作废，请重新通知。"),
    (
        "yanmi_notify",
        "发起认证通知（1.7.1）。amount 为医疗费总额，单位元，如 \"128.50\"；可为 NULL。返回 0 表示已通知或免密。",
    ),
    (
        "yanmi_status",
        "查询状态供界面显示（1.7.2），最多等 wait_seconds 秒（0 至 30）。能否结算只看 yanmi_gate。",
    ),
    (
        "yanmi_gate",
        "能否结算（1.6.2(9)）：只有返回 0 才可结算；1 不结算；2 转线下。settlement：2102、2207、2304；退费撤销 2103、2208、2305。",
    ),
    (
        "yanmi_record_offline",
        "登记自行完成的线下核验。way：1 终端刷脸，2 终端密码，3 动态库密码。outcome：0 通过，1 未通过，2 不可用。通过须给 serial（终端、动态库的流水号）：没有凭据的“通过”不结算，除非配置 bare_claims。",
    ),
    (
        "yanmi_verify_offline",
        "由配置 [terminal] 的医保终端（way 为 1、2）或 [library] 的动态库（way 为 3）核验。password 只用于动态库，只能由参保人自己输入；为 NULL 则由动态库弹出输入。",
    ),
    ("yanmi_visit", "取就诊记录及最近一次结算判断。返回 0 只表示取到了，不表示可以结算。"),
    ("yanmi_find", "按本院自己的就诊编号取最近一次就诊；程序重启后由此继续。"),
    ("yanmi_kcv", "账号密钥的校验值，与中心核对。"),
    (
        "YanmiTrans",
        "通用入口：JSON 入、JSON 出，out 至少 1,000 字节（或配置 [c] trans_bytes 所写）。返回状态文本，\"0000\" 表示调用完成，结论看 out 中的 code。",
    ),
];
/// The operations of the drop-in call: the name, the typed function that does the same, the members.
const OPERATIONS: [(&str, &str, &str); 14] = [
    (
        "yanmi.scan",
        "yanmi_scan",
        "ecQrCode、businessType、operatorId、operatorName、officeId、officeName、reference",
    ),
    ("ec.query", "yanmi_scan", "同上"),
    ("yanmi.begin", "yanmi_begin", "medium、ecToken、insuOrg、reference"),
    ("yanmi.rescan", "—", "visit 与 yanmi.scan 的成员：重新展码，解码并换令牌"),
    ("yanmi.switchToken", "yanmi_switch_token", "visit、ecToken"),
    ("yanmi.notify", "yanmi_notify", "visit、totalAmount"),
    ("yanmi.status", "yanmi_status", "visit、waitSeconds"),
    ("yanmi.gate", "yanmi_gate", "visit、settlement、totalAmount"),
    ("yanmi.recordOffline", "yanmi_record_offline", "visit、way、outcome、serial、ecToken、message"),
    ("yanmi.verifyOffline", "yanmi_verify_offline", "visit、way、password"),
    ("yanmi.visit", "yanmi_visit", "visit"),
    ("yanmi.find", "yanmi_find", "reference"),
    ("yanmi.kcv", "yanmi_kcv", "无"),
    ("yanmi.close", "yanmi_close", "无：关闭本配置，例如改了配置文件之后"),
];
const LENGTH_TWIN: (&str, &str) =
    ("YanmiTransEx", "同上，另给出 out 的大小。放不下时写入一个放得下的错误 JSON，*needed 为所需字节数。");

fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    FUNCTIONS.into_iter().chain([LENGTH_TWIN])
}

/// The parameters of an exported function and what it returns, in C.
fn signature(name: &str) -> (Vec<String>, &'static str) {
    let start = SOURCE.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("no function {name}"));
    let text = &SOURCE[start..];
    let (parameters, rest) = text.split_once(") -> ").expect("a result");
    let (_, parameters) = parameters.split_once('(').expect("parameters");
    let result = rest.split_once(" {").expect("a body").0;
    let parameters = parameters.split(',').map(str::trim).filter(|text| !text.is_empty());
    let parameters = parameters.map(|parameter| {
        let (name, of) = parameter.split_once(": ").expect("a type");
        format!("{}{name}", c_type(of))
    });
    (parameters.collect(), c_type(result))
}

fn c_type(rust: &str) -> &'static str {
    match rust {
        "i32" => "int32_t ",
        "*const c_char" => "const char *",
        "*mut c_char" => "char *",
        "*mut i32" => "int32_t *",
        other => panic!("no type of C for {other}"),
    }
}

fn header() -> String {
    let mut out = String::from(
        "/* yanmi.h：医保电子凭证线上密码核验认证，机构一侧。由程序生成，请勿手改。\n\
         \x20*\n\
         \x20* 字符串以 NUL 结尾，编码按配置 [c] encoding（默认 UTF-8，Windows 程序多设 \"gbk\"）。\n\
         \x20* 输出为一行 JSON：{\"code\":…,\"message\":\"…\",\"next\":\"…\",\"data\":{…}}，默认只含 ASCII（\\uXXXX）。\n\
         \x20* 不要 JSON 的，out 传 NULL、size 传 0。放不下时绝不写半个 JSON：写入放得下的错误 JSON，\n\
         \x20* 返回 YANMI_E_BUFFER，*needed（可为 NULL）为所需字节数（含 NUL）。\n\
         \x20* 所有函数都可在任意线程同时调用。返回 9001 及以上为错误，任何错误都不表示可以结算。 */\n\
         #ifndef YANMI_H\n#define YANMI_H\n\n#include <stdint.h>\n\n\
         #if defined(_WIN32)\n#define YANMI_CALL __stdcall\n#else\n#define YANMI_CALL\n#endif\n\n\
         #ifdef __cplusplus\nextern \"C\" {\n#endif\n\n\
         #define YANMI_OK 0          /* 完成；在 yanmi_gate 表示可以结算 */\n\
         #define YANMI_REFUSE 1      /* 不结算 */\n\
         #define YANMI_FALL_BACK 2   /* 不结算，转线下 */\n",
    );
    for kind in Kind::ALL {
        let _ = writeln!(out, "#define YANMI_E_{} {} /* {} */", kind.name(), kind.number(), kind.meaning());
    }
    let _ = writeln!(out, "\n#define YANMI_VISIT_SIZE {} /* 就诊编号连同 NUL */", crate::exports::VISIT);
    let _ = writeln!(out, "#define YANMI_MAX_INPUT {MAX_INPUT} /* 输入字符串的最大字节数 */");
    for (name, words) in functions() {
        let (parameters, result) = signature(name);
        let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
        let _ = write!(out, "\n/* {words} */\n{result}YANMI_CALL {name}({parameters});\n");
    }
    out.push_str("\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
    out
}

/// Compares with what is checked in; with `UPDATE_REFERENCE=1`, writes it.
fn checked_in(path: &str, generate: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let generated = generate(&found);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &generated).expect("written");
    } else {
        assert!(found == generated, "{} is out of date: UPDATE_REFERENCE=1", path.display());
    }
}

#[test]
fn the_header_is_the_source() {
    checked_in("include/yanmi.h", |_| header());
}

#[test]
fn every_exported_function_is_in_the_header() {
    let exported = SOURCE.matches("#[unsafe(no_mangle)]").count();
    assert_eq!(exported, functions().count());
}

#[test]
fn every_operation_of_the_drop_in_call_is_told() {
    let (_, source) = include_str!("trans.rs").split_once("match operation.as_ref()").expect("the choice");
    let known = source.matches("\"yanmi.").count() + source.matches("\"ec.query\"").count();
    assert_eq!(known, OPERATIONS.len());
    for (name, function, _) in OPERATIONS {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
        assert!(function == "—" || functions().any(|(known, _)| known == function), "{function}");
    }
}

#[test]
fn the_guides_tables_are_the_source() {
    const MARK: &str = "<!-- 以下由测试生成 -->\n";
    checked_in("../../docs/guide/integrate.md", |found| {
        let written = found.split(MARK).next().unwrap_or_default();
        let mut out = format!("{written}{MARK}\n## 函数\n\n| 函数 | 作用 |\n|---|---|\n");
        for (name, words) in functions() {
            let _ = writeln!(out, "| `{name}` | {words} |");
        }
        out.push_str("\n## 通用入口的 transType\n\n| transType | 相当于 | data 的成员 |\n|---|---|---|\n");
        for (operation, function, members) in OPERATIONS {
            let _ = writeln!(out, "| `{operation}` | {function} | {members} |");
        }
        out.push_str("\n## 错误\n\n| 编号 | 名称 | 含义 |\n|---|---|---|\n");
        for kind in Kind::ALL {
            let _ = writeln!(out, "| {} | `YANMI_E_{}` | {} |", kind.number(), kind.name(), kind.meaning());
        }
        out
    });
}
