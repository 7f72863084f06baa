//! The two documents that are made from the table: a reference page and a sample file.

use std::fmt::Write;

use super::setting::{Form, Presence, Setting, grouped, quoted};
use super::table::{GROUPS, Group};

/// `docs/reference/yanmi.example.toml`: a file that starts a center on this machine, and every other setting
/// at its default behind a `#`.
pub fn sample_file() -> String {
    let mut out = String::from(
        "# yanmi 配置文件示例。由设置表生成，请勿手工修改本文件；复制后再改。\n\
         #\n\
         # 行首有 # 的设置取其默认值；“可选”的设置没有默认值。\n\
         # 相对路径以本文件所在目录为起点。不认识的设置会被拒绝。\n\
         # 用 yanmi check --config 文件 查看每个设置的实际取值与来源。\n",
    );
    for group in GROUPS {
        let _ = write!(out, "\n# ==== {} ====\n", group.about);
        if !group.name.is_empty() {
            let _ = writeln!(out, "[{}]", group.name);
        }
        for setting in group.settings {
            sample_row(&mut out, setting);
        }
    }
    out
}

fn sample_row(out: &mut String, setting: &Setting) {
    let (_, name) = setting.split();
    let _ = write!(out, "\n# {}\n# {}\n# {}\n", setting.about, setting.reason, accepted(&setting.form));
    let line = match setting.form {
        Form::Text { presence: Presence::Required(text) | Presence::Suggested(text), .. }
        | Form::Secret { sample: text, .. } => format!("{name} = {}", quoted(text)),
        Form::Text { presence: Presence::Optional(text), .. } => format!("#{name} = {}", quoted(text)),
        form => format!("#{name} = {}", form.default().map_or_else(String::new, |raw| raw.literal())),
    };
    let _ = writeln!(out, "{line}");
}

/// What is taken, in one line.
fn accepted(form: &Form) -> String {
    let kind = form.kind();
    match form {
        Form::Whole { default, min, max, .. } => {
            let [default, min, max] = [*default, *min, *max].map(|number| grouped(number.into()));
            format!("取值：{kind}，{min} 至 {max}，默认 {default}")
        }
        Form::Secret { variable, .. } => format!("取值：{kind}；或改用环境变量 {variable}，二者只能设置其一"),
        form => format!("取值：{kind}；{}", default_of(form)),
    }
}

/// The default, or why there is none.
fn default_of(form: &Form) -> String {
    match form {
        Form::Text { presence: Presence::Required(_), .. } => "必填".to_owned(),
        Form::Text { presence: Presence::Optional(_) | Presence::Suggested(_), .. } => "可选".to_owned(),
        Form::Secret { variable, .. } => format!("必填，或环境变量 `{variable}`"),
        form => form.default().map_or_else(String::new, |raw| format!("默认 {}", raw.literal())),
    }
}

/// `docs/reference/configuration.md`.
pub fn reference_page() -> String {
    let mut out = String::from(
        "# 配置\n\n\
         <!-- 由 crates/center/src/config/table*.rs 生成，请勿手工修改。 -->\n\n\
         yanmi 从一个 TOML 文件读取配置，示例见 [yanmi.example.toml](yanmi.example.toml)。\n\n\
         - 不认识的设置、类型不符或超出范围的值、互相矛盾的设置都会被拒绝；所有问题一次列出，并注明行号。\n\
         - 相对路径以配置文件所在目录为起点。数字可以用下划线分组，如 `2_000_000`。\n\
         - 密钥不写在配置文件中，而是写在单独的文件里（权限 600）或放在环境变量中，二者只能设置其一。\n\
         - `yanmi check --config 文件` 列出每个设置的实际取值与来源；密钥只显示来源与校验值（KCV）。\n",
    );
    for group in GROUPS {
        page_group(&mut out, group);
    }
    out
}

fn page_group(out: &mut String, group: &Group) {
    let title = if group.name.is_empty() { String::new() } else { format!("`[{}]` ", group.name) };
    let _ = write!(out, "\n## {title}{}\n\n", group.about);
    out.push_str("| 设置 | 类型与单位 | 默认 | 范围 | 作用 | 缘由 |\n|---|---|---|---|---|---|\n");
    for setting in group.settings {
        let (_, name) = setting.split();
        let default = match setting.form {
            Form::Text { presence: Presence::Default(_), .. }
            | Form::Whole { .. }
            | Form::Switch { .. }
            | Form::Networks { .. } => {
                setting.form.default().map_or_else(String::new, |raw| format!("`{}`", raw.literal()))
            }
            Form::Codes { what, known, page } => format!("全部 {} 种，见[{what}]({page})", known.len()),
            form => default_of(&form),
        };
        let bounds = match setting.form {
            Form::Whole { min, max, .. } => format!("{} 至 {}", grouped(min.into()), grouped(max.into())),
            _ => "—".to_owned(),
        };
        let (kind, about, reason) = (setting.form.kind(), setting.about, setting.reason);
        let _ = writeln!(out, "| `{name}` | {kind} | {default} | {bounds} | {about} | {reason} |");
    }
}
