//! The terminal of section 1.5 (医保终端) as a port of the desk: table `[terminal]`.
//!
//! A terminal is spoken to through the same kind of function as the dynamic library. A face is two calls in the field:
//! the first looks at it and answers an authorization number (`authNo`), the second turns the number into the person.
//! Some terminals do both at once; then the second operation is left out. A password is typed at the terminal itself
//! and never gets here.
//!
//! A face shows that somebody is somebody, and not yet that it is the person of this visit. When the visit has a token,
//! the terminal has to say which token the check was about; the gate holds the two against each other. A terminal that
//! cannot say it is refused, unless the site sets `answer_token_member = ""` and so does without.

use std::path::Path;

use yanmi_client::config::Table;
use yanmi_client::gate::Way;
use yanmi_client::offline::{PortAnswer, PortFailure, Subject, Terminal as Port};

use crate::failure::LoadError;
use crate::vendor::{MAX_NAME, Vendor, VendorSettings, failure};

/// Table `[terminal]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TerminalSettings {
    /// The file, and the names in its messages.
    pub vendor: VendorSettings,
    /// What faces are checked by; nothing when the terminal is not asked for faces.
    pub face: Option<FaceSettings>,
    /// `transType` of the password check; nothing when the terminal is not asked for passwords.
    pub password_operation: Option<String>,
}

/// How a terminal checks faces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaceSettings {
    /// `transType` of the face check.
    pub operation: String,
    /// Where the authorization number is, in its answer's data and in the request of the second call; when empty, there is none.
    pub auth_no_member: String,
    /// `transType` of the second call; nothing when the first says all.
    pub check_operation: Option<String>,
    /// What says whether it was the person, in the data of the last answer; when empty, code 0 alone does.
    pub passed_member: String,
    /// The value that means so.
    pub passed_value: String,
}

impl TerminalSettings {
    /// Takes the members out of the table; what is wrong with them is noted there.
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let vendor = VendorSettings::read(table);
        let operation =
            |member, default| Some(table.text(member, default, MAX_NAME)).filter(|name| !name.is_empty());
        let check_operation = operation("check_operation", "cn.nhsa.auth.check");
        let auth_no_member = table.text("auth_no_member", "authNo", MAX_NAME);
        if check_operation.is_some() && auth_no_member.is_empty() {
            table.problem("auth_no_member", "不能为空：check_operation 要用它");
        }
        let (passed_member, passed_value) =
            (table.text("face_passed_member", "", MAX_NAME), table.text("face_passed_value", "1", MAX_NAME));
        let face = operation("face_operation", "cn.nhsa.ec.auth").map(|operation| FaceSettings {
            operation,
            auth_no_member,
            check_operation,
            passed_member,
            passed_value,
        });
        let password_operation = operation("password_operation", "");
        if face.is_none() && password_operation.is_none() {
            table.problem("face_operation", "与 password_operation 不能都为空：医保终端没有可用的核验方式");
        }
        Some(Self { vendor: vendor?, face, password_operation })
    }
}

/// A vendor's terminal, its file loaded until this is dropped.
#[derive(Debug)]
pub struct Terminal {
    vendor: Vendor,
    face: Option<FaceSettings>,
    password_operation: Option<String>,
}

impl Terminal {
    /// Loads the file. `org_code` is sent along as the institution's code.
    ///
    /// # Errors
    /// [`LoadError`] when the file cannot be loaded or does not have the function.
    pub fn open(settings: TerminalSettings, folder: &Path, org_code: &str) -> Result<Self, LoadError> {
        let TerminalSettings { vendor, face, password_operation } = settings;
        let vendor = Vendor::open("terminal", "医保终端", vendor, folder, org_code)?;
        Ok(Self { vendor, face, password_operation })
    }
}

impl Port for Terminal {
    fn offers(&self, way: Way) -> bool {
        match way {
            Way::TerminalFace => self.face.is_some(),
            Way::TerminalPassword => self.password_operation.is_some(),
            Way::Online | Way::LibraryPassword => false,
        }
    }

    fn face(&self, subject: &Subject) -> Result<PortAnswer, PortFailure> {
        let face = self.face.as_ref().ok_or_else(not_offered)?;
        let passed = (face.passed_member.as_str(), face.passed_value.as_str());
        let mut said = self.vendor.ask(&face.operation, subject.token, None)?;
        let mut number = None;
        if said.is_done() && !face.auth_no_member.is_empty() {
            let told = said.member(&face.auth_no_member).filter(|number| number.chars().count() <= MAX_NAME);
            let told = told.ok_or_else(|| failure(format!("医保终端的应答没有 {}", face.auth_no_member)))?;
            if let Some(check) = &face.check_operation {
                said = self.vendor.ask(check, subject.token, Some((&face.auth_no_member, &told)))?;
            }
            number = Some(told);
        }
        let answer = self.vendor.judge(&said, passed)?;
        if answer.passed && subject.token.is_some() && answer.token.is_none() && self.vendor.tells_token() {
            return Err(failure("医保终端没有说明刷脸的是哪个令牌，不能确认是本次就诊的参保人".to_owned()));
        }
        Ok(PortAnswer { serial: answer.serial.or(number), ..answer })
    }

    fn password(&self, subject: &Subject) -> Result<PortAnswer, PortFailure> {
        let operation = self.password_operation.as_ref().ok_or_else(not_offered)?;
        let said = self.vendor.ask(operation, subject.token, None)?;
        self.vendor.judge_password(&said)
    }
}

fn not_offered() -> PortFailure {
    failure("医保终端没有配置这种核验方式".to_owned())
}
