//! From a form, the configuration of client, agent and C ABI.

use std::fmt::Write;

use super::{Feedback, ListedInstitution};
use crate::word::KeyForm;

/// The file with the account's key, beside the configuration.
pub const KEY_FILE: &str = "account.key";
/// The file with the roots of the center's certificates, beside the configuration.
pub const ROOTS_FILE: &str = "roots.pem";

impl Feedback {
    /// The configuration (`client.toml`) of a desk at one of the form's institutions. The key stands in a file beside it,
    /// and so do the root certificates where an address is `https`. Tables of the institution's own (`visits`, `agent`)
    /// are not in it.
    pub fn client_toml(&self, institution: &ListedInstitution) -> String {
        self.client_toml_with(institution, KEY_FILE, ROOTS_FILE)
    }

    /// The same with these two files elsewhere: paths as they stand in a configuration, without control characters.
    pub fn client_toml_with(&self, institution: &ListedInstitution, key_file: &str, roots: &str) -> String {
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = self.write_toml(institution, (key_file, roots), &mut out);
        out
    }

    fn write_toml(
        &self,
        institution: &ListedInstitution,
        (key_file, roots): (&str, &str),
        out: &mut String,
    ) -> std::fmt::Result {
        writeln!(out, "# 由反馈表 {}（{}）生成。", self.number, self.stage.name())?;
        writeln!(out, "# 密钥的校验值是 {}；相对路径从本文件所在目录算起。", self.key.kcv)?;
        for (name, value) in [
            ("org_id", self.system.org_id.as_str()),
            ("region", self.reqt_type.region.as_str()),
            ("prefix", &self.reqt_type.prefix),
            ("org_code", institution.org_code.as_str()),
            ("org_name", &institution.name),
            ("key_file", key_file),
            ("key_form", self.key.form.word()),
        ] {
            // Hexadecimal digits are what is expected anyway.
            if name != "key_form" || self.key.form == KeyForm::Ascii {
                writeln!(out, "{name} = {}", quoted(value))?;
            }
        }
        let urls: Vec<String> = self.center.urls.iter().map(|url| quoted(url.as_str())).collect();
        writeln!(out, "\n[center]\nurls = [{}]", urls.join(", "))?;
        if self.center.urls.iter().any(super::CenterUrl::is_secure) {
            writeln!(out, "roots = {} # 反馈表所列的根证书（PEM）", quoted(roots))?;
        }
        if !self.center.urls.iter().all(super::CenterUrl::is_secure) {
            writeln!(
                out,
                "plain_http = true # 反馈表给出的地址是明文 HTTP：线路上的人可以看到、改动和重放报文"
            )?;
        }
        Ok(())
    }
}

/// A basic string of TOML. Control characters are not in what is shown to people.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
