//! What the commands are called.

use crate::application::command::Command;

/// The word of each command, as it is stored of a step and never reused, and what people read.
const NAMES: [(&str, &str); 26] = [
    ("save", "保存"),
    ("add-file", "添加附件"),
    ("remove-file", "移除附件"),
    ("submit", "提交"),
    ("claim", "领取"),
    ("release", "放回"),
    ("pass", "审核通过，待复核"),
    ("return", "退回补正"),
    ("refuse", "提出不予接入，待复核"),
    ("approve", "提出批准，待复核"),
    ("confirm", "复核同意"),
    ("object", "复核不同意"),
    ("skip", "该级无人，转上一级"),
    ("see", "首次调用"),
    ("report", "提交验收报告"),
    ("witness", "旁证验收"),
    ("extend", "延长联调"),
    ("accept", "验收通过"),
    ("fulfil", "整改完成"),
    ("issue", "发出账户与密钥"),
    ("take", "领取密钥"),
    ("suspend", "停用"),
    ("resume", "恢复"),
    ("withdraw", "撤回"),
    ("close", "提出注销，待复核"),
    ("lapse", "到期"),
];

/// What people read of a stored word; the word itself for one that a newer version wrote.
pub fn command_name(word: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == word).map_or(word, |(_, name)| name)
}

impl Command<'_> {
    /// The word it is stored as.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Save => "save",
            Self::AddFile(_) => "add-file",
            Self::RemoveFile(_) => "remove-file",
            Self::Submit(_) => "submit",
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Pass { .. } => "pass",
            Self::Return { .. } => "return",
            Self::Refuse { .. } => "refuse",
            Self::Approve { .. } => "approve",
            Self::Confirm { .. } => "confirm",
            Self::Object => "object",
            Self::Skip => "skip",
            Self::See(_) => "see",
            Self::Report(_) => "report",
            Self::Witness => "witness",
            Self::Extend => "extend",
            Self::Accept { .. } => "accept",
            Self::Fulfil { .. } => "fulfil",
            Self::Issue { .. } => "issue",
            Self::Take => "take",
            Self::Suspend { .. } => "suspend",
            Self::Resume { .. } => "resume",
            Self::Withdraw => "withdraw",
            Self::Close { .. } => "close",
            Self::Lapse => "lapse",
        }
    }

    /// What is said with it, for who reads the history: an opinion, a ground, the faults.
    pub fn said(&self) -> String {
        match self {
            // The title may name a person.
            Self::AddFile(file) | Self::RemoveFile(file) => format!("附件 {}", file.short_digest()),
            Self::Pass { opinion, .. }
            | Self::Approve { opinion, .. }
            | Self::Accept { opinion, .. }
            | Self::Fulfil { opinion }
            | Self::Resume { opinion } => opinion.trim().to_owned(),
            Self::Refuse { ground, opinion, .. }
            | Self::Suspend { ground, opinion, .. }
            | Self::Close { ground, opinion } => format!("{}：{}", ground.name(), opinion.trim()),
            Self::Return { faults, opinion, .. } => {
                let faults = faults.iter().map(|fault| format!("{}：{}", fault.field.name(), fault.why));
                let all: Vec<String> =
                    faults.chain((!opinion.trim().is_empty()).then(|| opinion.trim().to_owned())).collect();
                all.join("；")
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_name() {
        let source = include_str!("command_name.rs");
        let words = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \""));
        let words: Vec<&str> = words.map(|(_, word)| word.trim_end_matches("\",")).collect();
        assert_eq!(words, NAMES.map(|(word, _)| word));
        for word in words {
            assert_ne!(command_name(word), word);
        }
        assert_eq!(command_name("newer"), "newer");
    }
}
