//! 收费窗口（Rust）：直接用 `yanmi-client`，不经过 C 接口。扫码、通知、等参保人确认、问能否结算。
//!
//! 用法：desk 配置文件 二维码 让参保人确认的命令（真实场景没有第三个参数，参保人自己在手机上确认）
//!       desk 配置文件                       从标准输入逐行接受经办人员的操作（接入验收）

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use yanmi_client::config::environment;
use yanmi_client::gate::{Ask, Grounds, Settlement, StatusOutcome, Verdict, Visit, VisitId};
use yanmi_client::visits::NewVisit;
use yanmi_client::{ClientConfig, DecodeRequest, Desk, Machine};
use yanmi_protocol::dictionary::BusinessType;
use yanmi_protocol::{EcToken, QrCode};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [config] => window(&open(config)?),
        [config, code, confirm] => journey(config, code, confirm),
        _ => Err("用法：desk 配置文件 [二维码 让参保人确认的命令]".into()),
    }
}

/// 配置有误时，所有的错误一次说完，都是中文
fn open(config: &str) -> Outcome<Desk> {
    let config = ClientConfig::load(Path::new(config), &environment)?;
    Ok(Desk::open(&config, Arc::new(Machine::new()))?)
}

/// 门诊结算（2207）这么多元
fn ask(amount: &str) -> Outcome<Ask> {
    Ok(Ask { kind: Settlement::Outpatient, amount: amount.parse()? })
}

/// 返回值（0 结算，1 不结算，2 转线下），和给经办人员看的一行提示
fn words(verdict: &Verdict) -> (u8, String) {
    match verdict {
        Verdict::Settle(grounds) => (0, format!("可以结算：{}", grounds.words())),
        Verdict::Refuse(advice) => (1, format!("{}。{}", advice.why, advice.next)),
        Verdict::FallBack(advice) => (2, format!("{}。{}", advice.why, advice.next)),
    }
}

/// 有没有确认，只供显示；能否结算只看闸口
fn is_confirmed(visit: &Visit) -> bool {
    let outcome = visit.status().map(|status| &status.outcome);
    matches!(outcome, Some(StatusOutcome::Confirmed { .. } | StatusOutcome::PasswordFree))
}

fn journey(config: &str, code: &str, confirm: &str) -> Outcome<()> {
    const AMOUNT: &str = "128.50";
    let desk = open(config)?;
    println!("密钥校验值：{}", desk.client().key_check_value());

    // 一、扫码解码，登记就诊。最后一个编号是本院自己的，重启后凭它找回
    let request = DecodeRequest {
        qr_code: QrCode::new(code)?,
        business: BusinessType::SETTLEMENT,
        operator_id: "001",
        operator_name: "经办人",
        office_id: "01",
        office_name: "收费处",
    };
    let (visit, _person) = desk.scan(&request, Some("MZ-RS-1"))?;
    let id = visit.id();

    // 二、没有通知就问闸口：不结算
    assert!(!desk.gate(id, ask(AMOUNT)?)?.settles());

    // 三、发起通知。没有成功的，advice 给出原因与下一步
    let noticed = desk.notify(id, Some(AMOUNT.parse()?))?;
    assert!(noticed.advice.is_none(), "{:?}", noticed.advice);
    let early = desk.gate(id, ask(AMOUNT)?)?.decision.verdict;
    assert!(matches!(early, Verdict::Refuse(_)), "{early:?}");

    // 四、参保人确认；界面等待变化（这里最多等 10 秒）
    assert!(Command::new("sh").args(["-c", confirm]).status()?.success(), "参保人没有确认");
    let (visit, _report) = desk.status(id, Some(Duration::from_secs(10)))?;
    assert!(is_confirmed(&visit), "{visit:?}");

    // 五、问闸口：只有 Settle 才可结算，判断在告诉程序之前已经存下
    let decision = desk.gate(id, ask(AMOUNT)?)?.decision;
    let Verdict::Settle(Grounds::Proven(proof)) = &decision.verdict else {
        return Err(words(&decision.verdict).1.into());
    };
    println!("依据：{}，流水号 {}", proof.way.name(), proof.serial.as_deref().unwrap_or("无"));
    assert!(!desk.gate(id, ask("128.51")?)?.settles(), "金额变大，要重新认证");

    // 六、程序重启后凭本院的编号找回
    drop(desk);
    let found = open(config)?.visits().find("MZ-RS-1")?;
    assert_eq!(found.first().map(Visit::id), Some(id));
    println!("可以结算");
    Ok(())
}

/// 一个窗口：每行一个操作，各答一行“返回值 提示”
fn window(desk: &Desk) -> Outcome<()> {
    let mut visit = None;
    for line in std::io::stdin().lock().lines() {
        let (code, message) = step(desk, &mut visit, &line?)?;
        println!("{code} {message}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn step(desk: &Desk, visit: &mut Option<VisitId>, line: &str) -> Outcome<(u8, String)> {
    let (what, value) = line.split_once(' ').unwrap_or((line, ""));
    if what == "scan" {
        *visit = Some(desk.begin(&NewVisit::scanned(EcToken::new(value)?))?.id());
        return Ok((0, "已登记就诊".to_owned()));
    }
    let id = visit.ok_or("还没有就诊")?;
    Ok(match what {
        "token" => {
            desk.switch_token(id, EcToken::new(value)?)?;
            (0, "已换令牌，请重新发起认证通知".to_owned())
        }
        "notice" => match &desk.notify(id, Some(value.parse()?))?.advice {
            None => (0, "已通知参保人".to_owned()),
            Some(verdict) => words(verdict),
        },
        "status" => {
            let (visit, _report) = desk.status(id, None)?;
            if is_confirmed(&visit) {
                (0, "参保人已完成认证".to_owned())
            } else {
                (1, "尚未认证".to_owned())
            }
        }
        "gate" => words(&desk.gate(id, ask(value)?)?.decision.verdict),
        _ => return Err(format!("不认识的操作：{what}").into()),
    })
}
