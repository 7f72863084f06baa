//! `yanmi feedback check`: from the form that was sent to the first answer of the center.
//!
//! What can be told without the network comes first, and all of it at once. While anything of that is wrong the center is not
//! called: an envelope under the wrong key is refused without a reason, and counts against the address it came from.

use std::path::PathBuf;

use yanmi_papers::{Feedback, PublicKey, Signed};
use yanmi_protocol::UnixMillis;

use super::chosen::chosen;
use super::findings::{Findings, SOON_DAYS, Who, is_soon, note, right};
use super::{probe, roots};
use crate::failure::Failure;
use crate::{ambient, key_text, paper_file};

/// Other forms that one is compared with.
const MAX_OTHERS: usize = 100;

/// 核对反馈表、密钥与本机，并向中心发一次真实的状态查询；一切就绪时最后一行是“可以联调”
#[derive(Debug, clap::Args)]
pub(super) struct FormCheck {
    /// 中心下发的反馈表
    #[arg(value_name = "feedback.json")]
    file: PathBuf,
    /// 账户密钥文件，只有本用户可以读
    #[arg(long, value_name = "文件", default_value = "account.key")]
    key_file: PathBuf,
    /// 中心签发所用的公钥文件；不给出则不核对签名
    #[arg(long, value_name = "文件")]
    issuer: Option<PathBuf>,
    /// 地址为 https 时的根证书文件（PEM）
    #[arg(long, value_name = "文件", default_value = "roots.pem")]
    roots: PathBuf,
    /// 收到过的其他反馈表，据此判断本表是否已被替代；可以多次给出
    #[arg(long, value_name = "文件")]
    other: Vec<PathBuf>,
    /// 只以这一个机构查询；不给出则查询表上的机构
    #[arg(long, value_name = "代码")]
    org: Option<String>,
}

impl FormCheck {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let signed: Signed<Feedback> = paper_file::read(&self.file)?;
        let form = signed.paper();
        let institutions = chosen(form, self.org.as_deref())?;
        let now = ambient::clock().now();
        let mut findings = Findings::default();
        right("反馈表", format!("{}（{}），SM3 {}…", form.number, form.stage.name(), signed.short_digest()));
        let issuer = self.issuer.as_deref().map(paper_file::public_key).transpose()?;
        signature(&signed, issuer.as_ref(), &mut findings);
        validity(form, now, &mut findings);
        self.superseded(form, issuer.as_ref(), &mut findings)?;
        self.key(form, now, &mut findings)?;
        roots::check(form, &self.roots, now, &mut findings);
        if findings.are_well() {
            probe::ask(form, institutions, &self.key_file, &self.roots, &mut findings)?;
        }
        findings.conclude()
    }

    /// Whether one of the forms that came takes the place of this one.
    fn superseded(
        &self,
        form: &Feedback,
        issuer: Option<&PublicKey>,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        if self.other.len() > MAX_OTHERS {
            return Err(Failure::new(format!("--other 至多 {MAX_OTHERS} 个")));
        }
        for path in &self.other {
            let other: Signed<Feedback> = paper_file::read(path)?;
            // A form that somebody else made says nothing about this one.
            if issuer.is_some_and(|issuer| other.check(issuer).is_err()) {
                note(format!("{} 的签名不对，没有用它判断", path.display()));
            } else if other.paper().supersedes == Some(form.number) {
                let found = format!("{} 已被 {} 替代", form.number, other.paper().number);
                findings.wrong("反馈表", found, Who::Institution, format!("改用 {}", path.display()));
            }
        }
        if self.other.is_empty() {
            note(format!(
                "{} 是否已被替代，从它本身看不出来：以收到的最近一张为准，可用 --other 给出其他反馈表",
                form.number
            ));
        }
        Ok(())
    }

    /// Whether the key is the one the form speaks of. It need not be shown for that.
    fn key(&self, form: &Feedback, now: UnixMillis, findings: &mut Findings) -> Result<(), Failure> {
        let key = key_text::from_file(&self.key_file)?;
        if key.kcv() == form.key.kcv {
            right("校验值", format!("{}，一致", key.kcv()));
        } else {
            let found = format!(
                "密钥文件 {} 的是 {}，反馈表上的是 {}",
                self.key_file.display(),
                key.kcv(),
                form.key.kcv
            );
            let does = format!(
                "核对是否用了别的密钥或旧密钥（表上是第 {} 个）；抄写无误仍不一致的，请中心重新交付密钥",
                form.key.generation
            );
            findings.wrong("校验值", found, Who::Institution, does);
        }
        if let Some(until) = form.key.rotate_by.filter(|until| is_soon(*until, now)) {
            note(format!("密钥应在 {} 之前更换，请向中心申请新密钥", until.shanghai_text()));
        }
        Ok(())
    }
}

fn signature(signed: &Signed<Feedback>, issuer: Option<&PublicKey>, findings: &mut Findings) {
    let Some(issuer) = issuer else {
        note(format!("没有给出 --issuer，反馈表是否由中心签发（公钥 {}）没有核对", signed.key()));
        return;
    };
    match signed.check(issuer) {
        Ok(()) => right("签名", format!("{} 签发，内容未改", signed.paper().issuer.name)),
        Err(error) => {
            let does = "不要使用这张反馈表；向中心重新索取，并当面或电话核对公钥标识";
            findings.wrong("签名", error, Who::Institution, does);
        }
    }
}

fn validity(form: &Feedback, now: UnixMillis, findings: &mut Findings) {
    let until = form.valid_until.map_or_else(|| "另行通知".to_owned(), UnixMillis::shanghai_text);
    if form.is_valid_at(now) {
        right("有效期", format!("{} 至 {until}", form.issued_at.shanghai_text()));
        if form.valid_until.is_some_and(|until| is_soon(until, now)) {
            note(format!("反馈表在 {SOON_DAYS} 天之内到期，请向中心申请换发"));
        }
    } else if now < form.issued_at {
        let found =
            format!("反馈表自 {} 起有效，本机时间是 {}", form.issued_at.shanghai_text(), now.shanghai_text());
        findings.wrong("有效期", found, Who::Institution, "校准本机时钟");
    } else {
        let found = format!("反馈表已于 {until} 到期");
        findings.wrong("有效期", found, Who::Institution, "向中心申请换发反馈表");
    }
}
