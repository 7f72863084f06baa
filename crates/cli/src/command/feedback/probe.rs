//! The first real call: a status query for a token that does not exist, by the configuration that comes from the form.
//!
//! It goes the whole way, from the network over the key and the account's rights to the institution, and changes nothing. The
//! one right answer is 500001.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use yanmi_client::config::environment;
use yanmi_client::transport::Trouble;
use yanmi_client::{
    CallError, CenterClient, ClientConfig, Drift, Failure as CallFailure, Machine, StatusQuery,
};
use yanmi_papers::Feedback;
use yanmi_papers::feedback::ListedInstitution;
use yanmi_protocol::{Code, EcToken, hex};

use super::findings::{Findings, Who, note, right};
use crate::ambient;
use crate::failure::Failure;

/// Institutions that are asked for. A form may have thousands, and the first few show whether they are attached.
const MAX_ASKED: usize = 20;

pub(super) fn ask(
    form: &Feedback,
    institutions: &[ListedInstitution],
    key_file: &Path,
    roots: &Path,
    findings: &mut Findings,
) -> Result<(), Failure> {
    for (at, listed) in institutions.iter().take(MAX_ASKED).enumerate() {
        let config = configuration(form, listed, key_file, roots)?;
        let client = CenterClient::new(&config, Arc::new(Machine::new()));
        let client = client.map_err(|error| Failure::because("无法调用中心", &error))?;
        let token = no_token(form)?;
        let what = format!("{} {}", listed.org_code.as_str(), listed.name);
        let drift = match client.status(StatusQuery { token, wait: None }) {
            Err(error) if error.failure.code() == Some(Code::CredentialNotFound) => {
                right("状态查询", format!("{what}：500001，令牌不存在，正是所问"));
                error.report.drift
            }
            Ok(reply) => {
                let found = "中心没有说令牌不存在，而令牌是刚刚随机生成的";
                findings.wrong(&what, found, Who::Center, "核对状态查询（1.7.2）对不存在的令牌的应答");
                reply.report.drift
            }
            Err(error) => {
                say(form, &what, &error, findings);
                error.report.drift
            }
        };
        if at == 0 {
            clock(form, drift, findings);
        }
        // What is wrong once is wrong for all of them, and is not asked again and again.
        if !findings.are_well() {
            return Ok(());
        }
    }
    if institutions.len() > MAX_ASKED {
        note(format!(
            "表上有 {} 个机构，只查询了前 {MAX_ASKED} 个；其他机构用 --org 逐个查询",
            institutions.len()
        ));
    }
    Ok(())
}

/// What the institution's program will be configured with.
fn configuration(
    form: &Feedback,
    listed: &ListedInstitution,
    key_file: &Path,
    roots: &Path,
) -> Result<ClientConfig, Failure> {
    let text = form.client_toml_with(listed, path_text(key_file)?, path_text(roots)?);
    ClientConfig::from_toml(&text, &PathBuf::new(), &environment)
        .map_err(|error| Failure::because("由反馈表得到的配置不可用", &error))
}

fn path_text(path: &Path) -> Result<&str, Failure> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.ok_or_else(|| Failure::new(format!("文件名 {} 不可用：请改名", path.display())))
}

/// A token nobody has: one in 2^128 that somebody does.
fn no_token(form: &Feedback) -> Result<EcToken, Failure> {
    let mut bytes = [0; 16];
    ambient::fill(&mut bytes);
    let text = format!("{}{}", form.issuer.region.as_str(), hex::encode(&bytes));
    EcToken::new(&text).map_err(|error| Failure::because("令牌", &error))
}

fn clock(form: &Feedback, drift: Option<Drift>, findings: &mut Findings) {
    let window = u64::from(form.limits.timestamp_window_seconds);
    match drift {
        None => right("时钟", "与中心相差不到 1 分钟"),
        // The center has refused the first envelope for it, or will.
        Some(drift) if drift.compensated || drift.seconds() >= window => {
            let way = if drift.millis > 0 { "慢" } else { "快" };
            let found =
                format!("本机比中心{way} {} 秒，中心只接受相差 {window} 秒之内的报文", drift.seconds());
            findings.wrong("时钟", found, Who::Institution, format!("校准本机时钟{}", source(form)));
        }
        Some(drift) => note(format!("{drift}{}", source(form))),
    }
}

fn source(form: &Feedback) -> String {
    form.center.time_source.as_ref().map_or_else(String::new, |source| format!("（时钟源 {source}）"))
}

fn say(form: &Feedback, what: &str, error: &CallError, findings: &mut Findings) {
    let failure = &error.failure;
    let url = form.center.urls.get(error.report.address).map_or("", |url| url.as_str());
    let (who, does) = match failure {
        CallFailure::Refused { code, .. } => return refused(form, what, *code, failure, findings),
        CallFailure::Transport(error) if error.trouble == Trouble::Tls => (
            Who::Center,
            format!("核对 {url} 的证书是否由反馈表所列的根证书签发、是否到期、是否写有这个地址"),
        ),
        CallFailure::Transport(_) => (
            Who::Institution,
            format!("检查本机到 {url} 的网络、防火墙与域名；别处可以连通的，请中心检查监听地址"),
        ),
        CallFailure::NotAnAnswer { .. } => {
            (Who::Institution, format!("核对 {url} 是否为中心的地址，中间是否有代理改动了应答"))
        }
        _ => (Who::Center, "核对账户密钥与本表是否一致，必要时换发反馈表".to_owned()),
    };
    findings.wrong(what, failure, who, does);
}

fn refused(form: &Feedback, what: &str, code: i64, failure: &CallFailure, findings: &mut Findings) {
    let org_id = form.system.org_id.as_str();
    match Code::from_number(code) {
        // The key is the one on the form, so it is told what else there is.
        Some(Code::Denied) => {
            let networks: Vec<String> = form.source_networks.iter().map(ToString::to_string).collect();
            let from = if networks.is_empty() {
                String::new()
            } else {
                format!("；本机须从 {} 访问", networks.join("、"))
            };
            let does = format!(
                "密钥与反馈表一致，请查 {org_id} 是否启用、登记的校验值是否为 {}{from}（yanmi denied 可见原因）",
                form.key.kcv
            );
            findings.wrong(what, failure, Who::Center, does);
        }
        Some(Code::BadOrgCode) => {
            let does = format!("登记这个机构，并挂接到 {org_id}（yanmi institution attach）");
            findings.wrong(what, failure, Who::Center, does);
        }
        Some(Code::NoInterfaceRight) => {
            findings.wrong(what, failure, Who::Center, format!("给 {org_id} 开通状态查询（1.7.2）"));
        }
        Some(known) => findings.wrong_of(what, failure, known.party().name(), known.advice()),
        None => findings.wrong(what, failure, Who::Center, "说明这个返回码"),
    }
}
