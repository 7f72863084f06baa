//! From what a program hands in to an open desk: a file's path, or the configuration itself.
//!
//! The configuration is the client's, with tables of our own that are taken out before the client reads the rest:
//! `[c]` says how texts cross the border, `[terminal]` and `[library]` plug in what the offline ways need.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use yanmi_client::config::{ConfigError, Document, Number, environment, read_table};
use yanmi_client::{Desk, Machine};
use yanmi_offline::encoding::Encoding;
use yanmi_offline::ports::Ports;

use crate::fault::{Fault, Kind};

/// Environment variable that names the configuration when a drop-in call names only the center's address.
pub const CONFIG_VARIABLE: &str = "YANMI_CONFIG";
/// Its default, in the working directory.
const CONFIG_FILE: &str = "yanmi.toml";

/// How texts cross the border: table `[c]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Border {
    /// What strings are in, in and out.
    pub encoding: Encoding,
    /// Whether JSON is written in ASCII only, everything else as `\uXXXX`.
    pub escape: bool,
    /// Bytes, with the NUL, that `YanmiTrans` writes at most: nobody tells it how many there are.
    pub trans_bytes: u16,
}

/// What the library of the field writes at most, and so what programs that already call one have room for.
const LEAST_ROOM: u16 = 1_000;
const TRANS_BYTES: Number =
    Number { name: "trans_bytes", default: LEAST_ROOM as u64, least: 256, most: 32_767 };

impl Default for Border {
    /// UTF-8 in, ASCII out, which is right in every code page.
    fn default() -> Self {
        Self { encoding: Encoding::Utf8, escape: true, trans_bytes: LEAST_ROOM }
    }
}

/// An open desk and how to speak with its program.
#[derive(Debug)]
pub struct Session {
    /// The desk.
    pub desk: Desk,
    /// How texts cross.
    pub border: Border,
    /// The region of the account, to tell patients of another province.
    pub(crate) region: String,
}

impl Session {
    /// Opens what the text names: JSON when it begins with `{`, TOML when it has several lines, a file otherwise.
    ///
    /// # Errors
    /// [`Kind::Config`] with everything that is wrong; [`Kind::Visits`] when the records cannot be opened.
    pub fn open(text: &str) -> Result<Self, Fault> {
        Self::of(parts(text)?)
    }

    /// Opens the configuration of [`CONFIG_VARIABLE`] with this center address instead of its own.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open_for_url(url: &str) -> Result<Self, Fault> {
        let path = environment(CONFIG_VARIABLE).unwrap_or_else(|| CONFIG_FILE.to_owned());
        let mut parts = parts(&path)?;
        parts.rest.set_center(url);
        Self::of(parts)
    }

    fn of(parts: Parts) -> Result<Self, Fault> {
        let config = parts.rest.read(&environment).map_err(|error| refused(&error))?;
        if config.visits.is_none() {
            return Err(Fault::new(Kind::Config, "配置缺少 [visits]：就诊记录保存在哪里"));
        }
        if let Some(warning) = config.center.warning() {
            // There is no log here; what a program does with its error stream is its own business.
            eprintln!("yanmi：{warning}");
        }
        let desk = Desk::open(&config, Arc::new(Machine::new()))?;
        let desk = parts.ports.plug(desk, config.institution.org_code)?;
        Ok(Self { desk, border: parts.border, region: config.account.region.as_str().to_owned() })
    }
}

/// A configuration, taken apart.
struct Parts {
    rest: Document,
    border: Border,
    ports: Ports,
}

fn parts(text: &str) -> Result<Parts, Fault> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).trim();
    if text.is_empty() {
        return Err(Fault::new(Kind::Config, "配置为空：应为配置文件的路径，或配置内容本身"));
    }
    let read = if text.starts_with('{') {
        Document::of_json(text, Path::new(""))
    } else if text.contains('\n') {
        Document::of_toml(text, Path::new(""))
    } else {
        Document::load(Path::new(text))
    };
    apart(read.map_err(|error| refused(&error))?)
}

fn apart(mut rest: Document) -> Result<Parts, Fault> {
    // The agent may share the file; what it listens on is not for here.
    let (border, _agent) = (rest.take("c"), rest.take("agent"));
    let ports = Ports::take(&mut rest).map_err(|error| refused(&error))?;
    let border = read_table("c", border.unwrap_or(Value::Null), |table| {
        let encodings = [("utf-8", Encoding::Utf8), ("gbk", Encoding::Gbk)];
        let encoding = table.word("encoding", &encodings, Encoding::Utf8);
        let trans_bytes = u16::try_from(table.number(TRANS_BYTES)).unwrap_or(u16::MAX);
        Some(Border { encoding, escape: table.flag("escape", true), trans_bytes })
    });
    let border = border.map_err(|error| refused(&error))?;
    Ok(Parts { rest, border, ports })
}

fn refused(error: &ConfigError) -> Fault {
    Fault::new(Kind::Config, format!("配置有误：{error}"))
}

#[cfg(test)]
mod tests {
    use super::{Border, Encoding, Session, parts};
    use crate::fault::Kind;

    #[test]
    fn our_tables_are_taken_out_and_the_rest_left_alone() {
        let taken = parts("org_id = \"a\"\n[c]\nencoding = \"gbk\"\nescape = false\ntrans_bytes = 2048\n")
            .expect("parts");
        assert_eq!(taken.border, Border { encoding: Encoding::Gbk, escape: false, trans_bytes: 2_048 });
        let (mut rest, left) = (taken.rest.clone(), ["c", "org_id"]);
        assert_eq!(left.map(|name| rest.take(name)), [None, Some("a".into())]);
        assert_eq!(parts("{}").expect("parts").border, Border::default());
    }

    #[test]
    fn what_is_wrong_is_said_in_chinese() {
        let key = "0".repeat(31);
        let short = format!(r#"{{"org_id":"his001","key":"{key}"}}"#);
        for (text, said) in [
            ("", "配置为空"),
            ("/nowhere/yanmi.toml", "配置文件 /nowhere/yanmi.toml 无法读取"),
            ("{\"a\":", "不是合法的 JSON（第 1 行"),
            ("{\"gate\":{\"cards\":true,\n\"cards\":false}}", "cards 重复出现（第 2 行）"),
            ("a = 1\nb =\n", "不是合法的 TOML（第 2 行）"),
            ("[c]\nencoding = \"big5\"\n", "c.encoding"),
            ("[c]\nencodign = \"gbk\"\n", "c.encodign：不认识此设置"),
            ("[library]\nfile = 1\n", "library.file：应为字符串"),
            (
                "[terminal]\nfile = 'a'\nurl = ''\nface_operation = ''\n",
                "terminal.face_operation：与 password_operation",
            ),
            (&short, "key"),
        ] {
            let fault = Session::open(text).expect_err("unusable");
            assert_eq!(fault.kind, Kind::Config);
            assert!(fault.message.contains(said), "{text}: {fault}");
            assert!(!fault.message.contains(&key), "{fault}");
        }
    }
}
