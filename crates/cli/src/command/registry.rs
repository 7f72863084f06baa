//! What the commands about accounts, institutions and channels share: a registry opened and closed, keys, and how a
//! change is told.

use std::path::{Path, PathBuf};

use yanmi_center::config::Config;
use yanmi_center::registry::{Administration, AdministrationError};
use yanmi_protocol::Sm4Key;

use crate::command::check::{close, open};
use crate::command::{key, serve};
use crate::failure::Failure;
use crate::key_text;

/// Opens the registry of a configuration, works on it, and closes it.
pub(super) fn administer(
    config: &Path,
    work: impl AsyncFnOnce(&mut Administration, &Config) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let config = serve::load(config)?;
    serve::runtime(1)?.block_on(async {
        let mut administration = open(&config).await?;
        let done = work(&mut administration, &config).await;
        close(administration).await?;
        done
    })
}

/// Tells that a change was made, or why not.
pub(super) fn told(changed: Result<(), AdministrationError>) -> Result<(), Failure> {
    changed.map_err(|error| Failure::because("未作更改", &error))?;
    println!("已更改；运行中的中心一秒内生效。");
    Ok(())
}

/// A list that could not be read.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
pub(super) fn unread(error: AdministrationError) -> Failure {
    Failure::because("登记信息未能读出", &error)
}

/// A key to be stored.
pub(super) struct Chosen {
    pub(super) key: Sm4Key,
    made: bool,
}

impl Chosen {
    /// The key of a file, or a new one.
    pub(super) fn from(file: Option<PathBuf>) -> Result<Self, Failure> {
        match file {
            Some(file) => Ok(Self { key: key_text::from_file(&file)?, made: false }),
            None => Ok(Self { key: key::random(), made: true }),
        }
    }

    /// Shows a new key, once, if it was stored: one that was not would be taken down in vain.
    pub(super) fn show_if(&self, stored: &Result<(), AdministrationError>) {
        if self.made && stored.is_ok() {
            println!("密钥    {}（只显示这一次）\n校验值  {}", *self.key.to_hex(), self.key.kcv());
        }
    }
}

/// "是" or "否".
pub(super) fn yes(on: bool) -> String {
    if on { "是" } else { "否" }.to_owned()
}
