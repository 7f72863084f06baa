//! The configuration of an institution with a terminal and a library plugged in, as the tests of this crate and of the C ABI
//! open it.

use std::path::{Path, PathBuf};

use crate::site::Site;

/// The institution's key in [`config`].
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A configuration whose center nobody is at.
pub(crate) fn config(folder: &Path, more: &str) -> String {
    let file = folder.join("visits.sqlite");
    format!(
        "org_id = 'his001'\nkey = '{KEY}'\nregion = '350000'\norg_code = 'H35010000001'\norg_name = '福州示范医院'\n\
         [center]\nurls = ['http://127.0.0.1:1']\n[visits]\nfile = '{}'\nkey = '{KEY}'\n{more}",
        file.display(),
    )
}

/// The same of the first account of a site.
pub(crate) fn config_at(site: &Site, folder: &Path, more: &str) -> String {
    let account = &site.world().accounts[0];
    config(folder, more)
        .replacen("his001", account.org_id.as_str(), 1)
        .replacen(KEY, &account.key.to_hex(), 1)
        .replacen("http://127.0.0.1:1'", &format!("http://{}'", site.institution_addr()), 1)
}

/// The simulated vendor's library: cargo builds it beside the tests.
pub(crate) fn vendor() -> PathBuf {
    std::env::current_exe().expect("a path").with_file_name("libyanmi_vendor.so")
}
