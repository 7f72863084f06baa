//! `yanmi.toml` of the sandbox: its center's configuration, written anew at every start and then read as `yanmi serve`
//! reads one, so that every command that wants `--config` finds the center that runs here.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use yanmi_center::config::{Config, Database};
use yanmi_center::ports::Entropy;
use yanmi_papers::{Chance, PrivateKey};
use yanmi_simulator::World;

use crate::private_file;
use crate::sandbox_error::SandboxError;

/// Notices a person may get in an hour, so that nobody who plays runs out of them.
const PERSON_HOUR: u32 = 10_000;
/// After "not me" nobody who plays waits for a quarter of an hour to go on, in seconds.
const QUIET_SECONDS: u32 = 30;

/// What an account may ask in a second, and at once, but for the first one: so little that being limited (-6) can be tried
/// by hand.
const REQUESTS_PER_SECOND: u32 = 20;
const BURST: u32 = 40;

/// The file of the key that feedback forms are signed with.
const SIGNING_KEY: &str = "feedback.pem";

/// What the sandbox settles about its center.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The sandbox's folder.
    pub dir: &'a Path,
    /// Who exists.
    pub world: &'a World,
    /// The database's address, without a password; nothing for the folder's own.
    pub database: Option<&'a str>,
    /// Where the institution face listens.
    pub institution: SocketAddr,
    /// Where the channel face listens.
    pub channel: SocketAddr,
    /// Where those who run it ask.
    pub operations: SocketAddr,
    /// Where the console is.
    pub operator: SocketAddr,
    /// Where applicants log in.
    pub applicant: SocketAddr,
    /// Addresses of channel apps elsewhere.
    pub elsewhere: &'a [IpAddr],
}

impl Settings<'_> {
    /// Writes the file, and reads it.
    ///
    /// # Errors
    /// When the folder takes no file, or what was written is no configuration.
    pub fn write(&self, database: Database, entropy: &Entropy) -> Result<Config, SandboxError> {
        private_file::write(&self.dir.join("national.key"), &self.world.national.key.to_hex())?;
        self.make_signing_key(entropy)?;
        let path = self.file();
        private_file::write(&path, &self.text())?;
        // The folder's keys count, whatever the environment says about those of a real center.
        let mut config =
            Config::load(&path, &|_| None).map_err(|error| SandboxError::new(error.to_string()))?;
        config.database = database;
        Ok(config)
    }

    /// What feedback forms are signed with, from the first start on.
    fn make_signing_key(&self, entropy: &Entropy) -> Result<(), SandboxError> {
        let path = self.dir.join(SIGNING_KEY);
        if path.exists() {
            return Ok(());
        }
        let key = PrivateKey::generate(&mut Chance::new(&mut |bytes| entropy.fill(bytes)));
        private_file::write(&path, &key.to_pem())
    }

    fn file(&self) -> PathBuf {
        self.dir.join("yanmi.toml")
    }

    fn text(&self) -> String {
        let world = self.world;
        let mut allow = vec!["127.0.0.0/8".to_owned(), "::1/128".to_owned()];
        allow.extend(self.elsewhere.iter().map(|ip| format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 })));
        // A page that takes a password is not served in the open.
        let page = if self.channel.ip().is_loopback() {
            format!("[insured]\npublic_url = {}\n\n", quoted(&world.channel_url))
        } else {
            String::new()
        };
        let mut out = format!(
            "# 沙箱的中心配置，每次启动沙箱时重新写出，改了也会被覆盖。供各条命令使用，例如：\n\
             #   yanmi account list --config yanmi-sandbox/yanmi.toml\n\
             region = \"{}\"\ndatabase = {}\n\n[keys]\nencryption_key_file = \"center.key\"\n\n\
             [decode]\nenabled = true\n\n{}[limits]\nrequests_per_second = {REQUESTS_PER_SECOND}\nburst = {BURST}\n\n\
             [policy]\nnotices_per_person_hour = {PERSON_HOUR}\nnot_me_quiet_seconds = {QUIET_SECONDS}\n\n\
             [national]\nurl = {}\norg_id = {}\nkey_file = \"national.key\"\n\n[outbound]\nallow = {}\n",
            world.region.as_str(),
            quoted(self.database.unwrap_or("sqlite:center.sqlite")),
            page,
            quoted(&world.national.url),
            quoted(world.national.org_id.as_str()),
            serde_json::Value::from(allow),
        );
        for (name, address) in [
            ("institution", self.institution),
            ("channel", self.channel),
            ("operations", self.operations),
            ("operator", self.operator),
            ("applicant", self.applicant),
        ] {
            // Writing text into memory cannot fail.
            let _ = write!(out, "\n[listen.{name}]\naddress = \"{address}\"\n");
            if !address.ip().is_loopback() {
                out.push_str("plain_http = true\n");
            }
        }
        let _ = write!(
            out,
            "\n[onboarding]\nsigning_key = \"{SIGNING_KEY}\"\nissuer = \"示范省医疗保障局\"\nurls = {}\n\
             debugging_phone = \"0591-00000002\"\nduty_phone = \"0591-00000003\"\nportal = {}\n",
            quoted(&world.institution_url),
            quoted(&world.applicant_url),
        );
        out
    }
}

/// A text as TOML writes it; it has the escapes of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
