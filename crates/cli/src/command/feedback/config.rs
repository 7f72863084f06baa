//! `yanmi feedback config`.

use std::path::PathBuf;

use yanmi_papers::{Feedback, Signed};

use super::chosen::chosen;
use crate::failure::Failure;
use crate::paper_file;

/// 由反馈表打印一个机构的客户端配置，供库、C 接口与 yanmi agent 使用
#[derive(Debug, clap::Args)]
pub(super) struct FormConfig {
    /// 中心下发的反馈表
    #[arg(value_name = "feedback.json")]
    file: PathBuf,
    /// 定点医药机构代码；表上只有一个机构时可以省略
    #[arg(long, value_name = "代码")]
    org: Option<String>,
    /// 中心签发所用的公钥文件；给出则核对签名
    #[arg(long, value_name = "文件")]
    issuer: Option<PathBuf>,
}

impl FormConfig {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let signed: Signed<Feedback> = paper_file::read(&self.file)?;
        if let Some(issuer) = &self.issuer {
            signed
                .check(&paper_file::public_key(issuer)?)
                .map_err(|error| Failure::because(&format!("{} 的签名不对", self.file.display()), &error))?;
        }
        let form = signed.paper();
        let [listed] = chosen(form, self.org.as_deref())? else {
            return Err(Failure::new(format!(
                "反馈表 {} 上有 {} 个机构，请用 --org 指明一个",
                form.number,
                form.institutions.len()
            )));
        };
        print!("{}", form.client_toml(listed));
        Ok(())
    }
}
