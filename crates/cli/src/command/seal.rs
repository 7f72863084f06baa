//! `yanmi seal` and `yanmi open`: what goes into `encData`, and what is in it.

use std::io::Read;
use std::path::PathBuf;

use yanmi_doctor::{Diagnosis, Look, Mistake, UNEXPLAINED};
use yanmi_protocol::{Sm4Key, envelope};

use crate::failure::Failure;
use crate::key_text;

/// Largest input, in bytes.
const MAX_INPUT: u64 = 1024 * 1024;

/// 加密：标准输入的明文 → 标准输出的 encData
#[derive(Debug, clap::Args)]
pub(crate) struct Seal {
    #[command(flatten)]
    key: KeyArgs,
}

/// 解密：标准输入的 encData 或整个报文 → 标准输出的明文；打不开时说明原因
#[derive(Debug, clap::Args)]
pub(crate) struct Open {
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// 密钥：32 位十六进制或 16 个 ASCII 字符（测试用；正式密钥请用 --key-file）
    #[arg(long, value_name = "密钥", conflicts_with = "key_file")]
    key: Option<String>,
    /// 密钥文件
    #[arg(long, value_name = "文件")]
    key_file: Option<PathBuf>,
}

impl KeyArgs {
    /// The key; which one it is goes to the standard error, so that two people can compare.
    fn read(&self) -> Result<Sm4Key, Failure> {
        let key = match (&self.key, &self.key_file) {
            (Some(text), _) => key_text::parse(text)?,
            (None, Some(file)) => key_text::from_file(file)?,
            (None, None) => return Err(Failure::new("请用 --key 或 --key-file 给出密钥")),
        };
        eprintln!("密钥校验值 {}", key.kcv());
        Ok(key)
    }
}

impl Seal {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let key = self.key.read()?;
        let input = input()?;
        if input.len() > envelope::MAX_PLAIN_BYTES {
            return Err(Failure::new(format!("明文超过 {} 字节", envelope::MAX_PLAIN_BYTES)));
        }
        println!("{}", envelope::seal(&key, &input));
        Ok(())
    }
}

impl Open {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let key = self.key.read()?;
        let text = String::from_utf8_lossy(&input()?).into_owned();
        match yanmi_doctor::look(&key, &text) {
            Look::Opened { plain, is_envelope } => {
                println!("{}", plain.as_str());
                if is_envelope {
                    eprintln!("注意：{}", Mistake::WholeEnvelope.advice());
                }
                Ok(())
            }
            Look::Closed { why, diagnosis } => {
                Err(Failure::new(format!("无法解密：{why}\n{}", likely(diagnosis.as_ref()))))
            }
        }
    }
}

/// What was done wrong, and what comes out when it is undone: whoever holds the key may see it.
fn likely(diagnosis: Option<&Diagnosis>) -> String {
    let Some(found) = diagnosis else { return UNEXPLAINED.to_owned() };
    let plain = found.plain().map(|plain| format!("\n还原的明文：\n{plain}")).unwrap_or_default();
    format!("{found}{plain}")
}

fn input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::because("无法读取标准输入", &error))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Failure::new(format!("输入超过 {MAX_INPUT} 字节")));
    }
    Ok(bytes)
}
