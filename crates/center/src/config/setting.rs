//! What one setting is: a row that drives validation, explanation, the reference page and the sample file.

use std::path::Path;

use yanmi_protocol::Sm4Key;

use super::values::Config;

/// One row of the table of settings.
pub struct Setting {
    /// The dotted key in the file.
    pub key: &'static str,
    /// What values it takes.
    pub form: Form,
    /// What it does, in the operator's words.
    pub about: &'static str,
    /// Why the default and the bounds are what they are.
    pub reason: &'static str,
    /// Reads a value into the configuration.
    pub(super) put: fn(&mut Config, &Given<'_>) -> Result<(), String>,
    /// The value a configuration holds, as it would be written in the file.
    pub(super) show: fn(&Config, &Form) -> String,
}

impl Setting {
    /// The table the key stands in, empty at the top, and its name there.
    pub fn split(&self) -> (&'static str, &'static str) {
        self.key.rsplit_once('.').unwrap_or(("", self.key))
    }
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("key", &self.key).field("form", &self.form).finish_non_exhaustive()
    }
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A whole number within bounds.
    Whole {
        /// What is counted.
        unit: Unit,
        /// Without the key in the file.
        default: u64,
        /// The smallest that is taken.
        min: u64,
        /// The largest that is taken.
        max: u64,
    },
    /// `true` or `false`.
    Switch {
        /// Without the key in the file.
        default: bool,
    },
    /// A text whose form the setting's type knows.
    Text {
        /// The form, in the operator's words.
        what: &'static str,
        /// Whether it must be given.
        presence: Presence,
    },
    /// A list of networks in CIDR notation.
    Networks {
        /// Without the key in the file.
        default: &'static [&'static str],
    },
    /// A list of codes of a dictionary, all of them without the key in the file.
    Codes {
        /// The dictionary, in the operator's words.
        what: &'static str,
        /// Its codes and what they mean.
        known: &'static [(&'static str, &'static str)],
        /// Its page in the reference.
        page: &'static str,
    },
    /// A key, in a file of its own or in an environment variable; exactly one of both.
    Secret {
        /// The environment variable.
        variable: &'static str,
        /// Whether a key of 16 ASCII characters is taken beside 32 hexadecimal digits.
        ascii: bool,
        /// A file name for the sample.
        sample: &'static str,
    },
}

/// Whether a text must be given.
#[derive(Clone, Copy, Debug)]
pub enum Presence {
    /// No: this is taken without it.
    Default(&'static str),
    /// Yes; the sample file says this.
    Required(&'static str),
    /// No: without it the feature is off. The sample file shows this, commented out.
    Optional(&'static str),
    /// No, but the sample file sets it to this.
    Suggested(&'static str),
}

/// What a whole number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Things of this name.
    Count(&'static str),
}

impl Unit {
    /// The unit's Chinese name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "秒",
            Self::Milliseconds => "毫秒",
            Self::Count(name) => name,
        }
    }
}

impl Form {
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Whole { unit, .. } => format!("整数（{}）", unit.name()),
            Self::Switch { .. } => "true 或 false".to_owned(),
            Self::Text { what, .. } => format!("字符串（{what}）"),
            Self::Networks { .. } => "网段列表（CIDR）".to_owned(),
            Self::Codes { what, .. } => format!("{what}代码的列表"),
            Self::Secret { ascii, .. } => {
                let also = if *ascii { "或 16 个 ASCII 字符" } else { "" };
                format!("密钥文件路径（内容为 32 位十六进制{also}）")
            }
        }
    }

    /// The value without the key in the file, when there is one.
    pub(super) fn default(&self) -> Option<Raw<'static>> {
        match *self {
            Self::Whole { default, .. } => Some(Raw::Whole(default.into())),
            Self::Switch { default } => Some(Raw::Switch(default)),
            Self::Text { presence: Presence::Default(text), .. } => Some(Raw::Text(text)),
            Self::Networks { default } => Some(Raw::List(default.to_vec())),
            Self::Codes { known, .. } => Some(Raw::List(known.iter().map(|(code, _)| *code).collect())),
            Self::Text { .. } | Self::Secret { .. } => None,
        }
    }

    pub(super) fn is_required(&self) -> bool {
        matches!(self, Self::Text { presence: Presence::Required(_), .. })
    }
}

/// A value as it stands in the file, before it means anything.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Raw<'a> {
    /// A whole number; one beyond all bounds is as good as the largest there is.
    Whole(i128),
    Switch(bool),
    Text(&'a str),
    List(Vec<&'a str>),
    /// Never from the configuration file itself.
    Key(Box<Sm4Key>),
    /// Anything no setting takes, by its Chinese name.
    Other(&'static str),
}

impl Raw<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Whole(_) => "整数",
            Self::Switch(_) => "布尔值",
            Self::Text(_) => "字符串",
            Self::List(_) => "字符串列表",
            Self::Key(_) => "密钥",
            Self::Other(kind) => kind,
        }
    }

    /// As it would be written in the file.
    pub(super) fn literal(&self) -> String {
        match self {
            Self::Whole(number) => grouped(*number),
            Self::Switch(on) => on.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
            }
            Self::Key(key) => format!("KCV {}", key.kcv()),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

/// A value and what is needed to make sense of it.
pub(super) struct Given<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) form: &'a Form,
    /// The configuration file's folder: relative paths begin there.
    pub(super) folder: &'a Path,
}

/// A TOML string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // `\u{7f}` in Rust's spelling; a control character in a setting is always refused, never a value.
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A number as TOML allows it and people read it: `2_000_000`.
pub(super) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}
