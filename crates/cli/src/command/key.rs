//! `yanmi key`: making keys, telling them apart, and opening those that are handed over.

mod handover;

use std::io::Read;

use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use crate::ambient;
use crate::failure::Failure;
use crate::key_text;

/// 生成密钥、查看密钥校验值
#[derive(Debug, clap::Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    what: KeyAction,
}

#[derive(Debug, clap::Subcommand)]
enum KeyAction {
    /// 生成一个新密钥，连同密钥校验值打印一次
    New {
        /// 生成 16 个 ASCII 字符的密钥，而不是 32 位十六进制
        #[arg(long)]
        ascii: bool,
    },
    /// 打印标准输入中密钥的校验值
    Kcv,
    Pair(handover::KeyPair),
    Prove(handover::Prove),
    Open(handover::OpenOffer),
}

impl Key {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.what {
            KeyAction::Pair(pair) => pair.run()?,
            KeyAction::Prove(prove) => prove.run()?,
            KeyAction::Open(open) => open.run()?,
            KeyAction::New { ascii: false } => {
                let key = random();
                println!("密钥    {}\n校验值  {}", *key.to_hex(), key.kcv());
            }
            KeyAction::New { ascii: true } => {
                let (text, key) = random_ascii()?;
                println!("密钥    {}\n校验值  {}", *text, key.kcv());
            }
            KeyAction::Kcv => {
                let mut text = Zeroizing::new(String::with_capacity(MAX_TYPED));
                std::io::stdin()
                    .take(MAX_TYPED as u64 / 2)
                    .read_to_string(&mut text)
                    .map_err(|error| Failure::because("无法读取密钥", &error))?;
                println!("{}", key_text::parse(&text)?.kcv());
            }
        }
        Ok(())
    }
}

/// Room for a key that is typed or piped in, twice what is read of it, so that it is not moved when it grows.
const MAX_TYPED: usize = 1_024;

/// A new key.
pub(crate) fn random() -> Sm4Key {
    let mut bytes = Zeroizing::new([0; 16]);
    ambient::fill(&mut *bytes);
    Sm4Key::from_bytes(&bytes)
}

/// Sixty-four characters nobody mistakes for another or has to quote; a power of two, so that all are as likely.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn random_ascii() -> Result<(Zeroizing<String>, Sm4Key), Failure> {
    let mut bytes = Zeroizing::new([0; 16]);
    ambient::fill(&mut *bytes);
    let text: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect();
    let text = Zeroizing::new(text);
    let key = Sm4Key::from_ascii(&text).map_err(|error| Failure::new(error.to_string()))?;
    Ok((text, key))
}
