//! What the page asks.

use serde::Deserialize;
use yanmi_doctor::{Look, Mistake, UNEXPLAINED};
use yanmi_protocol::{PasswordDigest, Sm4Key, envelope};

use crate::answer::{Answer, Level};
use crate::macs;

/// What the page asks; members that a question has no use for are empty.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Question {
    action: Action,
    /// 32 hexadecimal digits, or 16 ASCII characters.
    key: String,
    text: String,
    /// Where a request was posted, for its mac.
    path: String,
    /// The mac of the request, for that of an answer.
    request_mac: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    /// The key's check value.
    #[default]
    Key,
    /// An `encData`.
    Seal,
    /// What is in one, or what is wrong with it.
    Open,
    /// The digest of a password.
    Digest,
}

impl Question {
    pub(crate) fn answer(self) -> Answer {
        match self.action {
            Action::Digest => digest(&self.text),
            Action::Key => self.with_key(|_| key_of(&self.key)),
            Action::Seal => self.with_key(|key| seal(key, &self.text)),
            Action::Open => self.with_key(|key| {
                macs::check(open(key, &self.text), key, &self.text, &self.path, &self.request_mac)
            }),
        }
    }

    /// What is said with the key, and its check value; or what is wrong with the key.
    fn with_key(&self, act: impl FnOnce(&Sm4Key) -> Answer) -> Answer {
        match read_key(&self.key) {
            Ok(key) => Answer { kcv: Some(key.kcv().to_string()), ..act(&key) },
            Err(why) => Answer::bad(why),
        }
    }
}

fn read_key(text: &str) -> Result<Sm4Key, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("先填密钥：32 位十六进制，或 16 个 ASCII 字符。".to_owned());
    }
    Sm4Key::from_text(text).map_err(|error| format!("{error}。"))
}

fn key_of(text: &str) -> Answer {
    let form = if text.trim().len() == 16 { "16 个 ASCII 字符" } else { "32 位十六进制" };
    Answer::default().with(Level::Good, format!("密钥写法正确（{form}）。双方的校验值相同，才是同一把密钥。"))
}

fn seal(key: &Sm4Key, text: &str) -> Answer {
    if text.len() > envelope::MAX_PLAIN_BYTES {
        return Answer::bad(format!("明文超过 {} 字节，报文里放不下。", envelope::MAX_PLAIN_BYTES));
    }
    let sealed = envelope::seal(key, text.as_bytes());
    let answer = Answer { made: Some(sealed), ..Answer::default() };
    if yanmi_protocol::Members::parse(text).is_ok() {
        answer.with(Level::Good, "这是中心期望的 encData：您的程序对同样的明文应得到同样的结果。")
    } else {
        answer.with(Level::Bad, "加密了，但明文不是一个 JSON 对象：中心解开之后会答复 -4。")
    }
}

fn open(key: &Sm4Key, text: &str) -> Answer {
    if yanmi_doctor::enc_data(text).len() > yanmi_doctor::MAX_TEXT {
        return Answer::bad(format!("超过 {} 字节，不是这个接口的报文。", yanmi_doctor::MAX_TEXT));
    }
    match yanmi_doctor::look(key, text) {
        Look::Opened { plain, is_envelope } => {
            let answer = Answer { plain: Some(plain.as_str().to_owned()), ..Answer::default() };
            let answer = match plain.members() {
                Ok(_) => answer.with(Level::Good, "解得开，明文是一个 JSON 对象。"),
                Err(why) => answer.with(Level::Bad, format!("解得开，但明文{why}：中心会答复 -4。")),
            };
            if is_envelope { answer.with(Level::Bad, Mistake::WholeEnvelope.advice()) } else { answer }
        }
        Look::Closed { why, diagnosis } => {
            let answer = Answer::bad(format!("解不开：{why}。"));
            let Some(found) = diagnosis else {
                let name = Some(yanmi_doctor::ANOTHER_KEY.to_owned());
                return Answer { name, ..answer.with(Level::Note, UNEXPLAINED) };
            };
            let told = found.to_string();
            let answer = told.lines().fold(answer, |answer, line| answer.with(Level::Bad, line));
            Answer { plain: found.plain().map(str::to_owned), name: Some(found.name()), ..answer }
        }
    }
}

fn digest(password: &str) -> Answer {
    match PasswordDigest::of(password.trim()) {
        Some(digest) => Answer { made: Some(digest.to_hex().to_string()), ..Answer::default() }
            .with(Level::Good, "六位数字密码的 SM3，大写十六进制：放在 userPwd。"),
        None => Answer::bad("密码应为 6 位数字。"),
    }
}
