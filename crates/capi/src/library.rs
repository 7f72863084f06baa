//! The dynamic library of section 1.5 (医保电子凭证动态库) as a port of the desk: table `[library]`.

use std::path::Path;

use yanmi_client::config::Table;
use yanmi_client::offline::{CredentialPassword, DynamicLibrary, PortAnswer, PortFailure, Subject};

use crate::fault::Fault;
use crate::vendor::{MAX_NAME, Vendor, VendorSettings};

/// Table `[library]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibrarySettings {
    /// The file, and the names in its messages.
    pub vendor: VendorSettings,
    /// `transType` of the password check.
    pub operation: String,
    /// Where the password goes, in `data`.
    pub password_member: String,
}

impl LibrarySettings {
    /// Takes the members out of the table; what is wrong with them is noted there.
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let vendor = VendorSettings::read(table);
        let password_member = table.text("password_member", "password", MAX_NAME);
        let operation = table.text("operation", "", MAX_NAME);
        if operation.is_empty() {
            table.problem("operation", "缺失：厂商文档中的密码核验操作名");
        }
        Some(Self { vendor: vendor?, operation, password_member })
    }
}

/// A vendor's dynamic library, loaded until this is dropped.
#[derive(Debug)]
pub struct Library {
    vendor: Vendor,
    operation: String,
    password_member: String,
}

impl Library {
    /// Loads the file. `org_code` is sent along as the institution's code.
    ///
    /// # Errors
    /// [`crate::fault::Kind::Config`] when the file cannot be loaded or does not have the function.
    pub fn open(settings: LibrarySettings, folder: &Path, org_code: &str) -> Result<Self, Fault> {
        let LibrarySettings { vendor, operation, password_member } = settings;
        let vendor = Vendor::open("library", "动态库", vendor, folder, org_code)?;
        Ok(Self { vendor, operation, password_member })
    }
}

impl DynamicLibrary for Library {
    fn password(
        &self,
        subject: &Subject,
        password: Option<&CredentialPassword>,
    ) -> Result<PortAnswer, PortFailure> {
        let typed = password.map(|password| (self.password_member.as_str(), password.reveal()));
        let said = self.vendor.ask(&self.operation, subject.token, typed)?;
        self.vendor.judge_password(&said)
    }
}
