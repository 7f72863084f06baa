//! Applications of the sandbox: one in every state there is, each brought there by the steps that lead to it.

use std::net::{IpAddr, Ipv4Addr};

use yanmi_center::registry::{Act, Actor as Host, Administration, AdministrationError, IssuedKeyOffer};
use yanmi_onboarding::application::{
    Actor, Calendar, Command, Fault, Field, Form, FormDigest, Ground, Kind, Origin, PersonId, Report,
    ReportConclusion, checklist,
};
use yanmi_onboarding::{Area, Grant, Level, Role};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};
use yanmi_simulator::{OnboardedSystem, World};

use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// How far an application has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Reached {
    Draft,
    County,
    Claimed,
    City,
    Province,
    Proposed,
    Trial,
    Reported,
    Accepted,
    Issued,
    Live,
}

/// How one ends that does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    GoesOn,
    Returned,
    Refused,
    Withdrawn,
    Suspended,
    Closed,
}

/// The system, its vendor, how far it has come, how it ends.
const PLAYED: [(&str, &str, Reached, End); 15] = [
    ("鼓楼社区门诊收费", "榕城软件", Reached::Draft, End::GoesOn),
    ("鼓楼中医院收费", "榕城软件", Reached::County, End::GoesOn),
    ("鼓楼口腔门诊收费", "海峡信息", Reached::Claimed, End::GoesOn),
    ("鼓楼妇幼保健院收费", "海峡信息", Reached::Claimed, End::Returned),
    ("鼓楼康复医院收费", "闽江科技", Reached::County, End::Withdrawn),
    ("鼓楼眼科医院收费", "闽江科技", Reached::City, End::GoesOn),
    ("福康连锁药店收银", "福康信息", Reached::Province, End::GoesOn),
    ("福康养生馆收银", "福康信息", Reached::Province, End::Refused),
    ("鼓楼急救中心收费", "榕城软件", Reached::Proposed, End::GoesOn),
    ("鼓楼骨科医院收费", "海峡信息", Reached::Trial, End::GoesOn),
    ("鼓楼儿童医院收费", "海峡信息", Reached::Reported, End::GoesOn),
    ("鼓楼肿瘤医院收费", "闽江科技", Reached::Accepted, End::GoesOn),
    ("鼓楼人民医院收费", "榕城软件", Reached::Live, End::GoesOn),
    ("鼓楼体检中心收费", "榕城软件", Reached::Live, End::Suspended),
    ("鼓楼旧院区收费", "闽江科技", Reached::Issued, End::Closed),
];

/// 统一社会信用代码 of a unit that nobody of logs in.
const NOBODYS_CODE: &str = "91350100M0002000X9";

/// Where all of them are.
const COUNTY: &str = "0102";

/// Everybody who has a part, by login.
struct Cast<'a> {
    world: &'a World,
    registrar: &'a Registrar,
    administration: Administration,
    calendar: Calendar,
}

/// An operator with what he may do.
struct Part {
    login: String,
    id: PersonId,
    grants: Vec<Grant>,
}

/// Brings one into every state, unless there are applications already.
///
/// # Errors
/// When the database fails.
pub async fn play(registrar: &Registrar, world: &World) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("未能准备沙箱的接入申请", &error);
    let administration = registrar.open().await.map_err(failed)?;
    let mut cast = Cast { world, registrar, administration, calendar: Calendar::default() };
    if !cast.administration.has_applications().await.map_err(failed)? && cast.is_complete() {
        for (at, (system, vendor, reached, end)) in PLAYED.into_iter().enumerate() {
            cast.play(at, (system, vendor), reached, end).await.map_err(failed)?;
        }
    }
    cast.administration.close().await.map_err(failed)
}

/// Brings one more system in, from the draft to its key.
///
/// # Errors
/// A Chinese sentence: when somebody is missing whom it takes, or the database fails.
pub async fn bring_in(registrar: Registrar, world: World) -> Result<OnboardedSystem, String> {
    let administration = registrar.open().await.map_err(|error| error.to_string())?;
    let mut cast =
        Cast { world: &world, registrar: &registrar, administration, calendar: Calendar::default() };
    let brought = if cast.is_complete() {
        cast.bring_in().await.map_err(|error| error.to_string())
    } else {
        Err("sandbox.json 里没有办理接入的操作员".to_owned())
    };
    let closed = cast.administration.close().await.map_err(|error| error.to_string());
    brought.and_then(|system| closed.map(|()| system))
}

/// What the page says of each step.
const TOLD: [&str; 7] = [
    "省级窗口为“新门诊部收费”建草稿、填表、提交",
    "县经办领取，逐项审查，通过；县复核同意",
    "市经办领取，逐项审查，通过；市复核同意",
    "省审批批准；省复核同意：进入联调",
    "申请方提交验收报告，市经办旁证，省审批判验收通过",
    "密钥管理员发出账户与密钥：一个链接、一个提取码",
    "申请方打开链接，输入提取码，领到密钥",
];

impl Cast<'_> {
    async fn bring_in(&mut self) -> Result<OnboardedSystem, AdministrationError> {
        let system = format!("新门诊部收费 {}", self.registrar.now().get() % 100_000);
        let form = self.form(&system, "示范软件", false);
        let number = self.begin(&form).await?;
        self.walk(number, &form, Reached::Accepted).await?;
        let org_id = format!("applied.new{number}");
        let key = self.issue(number, &org_id, true).await?;
        let key = key.ok_or(AdministrationError::NoOffer)?;
        let org_code = form.institutions().iter().next().map(|code| code.as_str().to_owned());
        let steps = TOLD.iter().map(|step| (*step).to_owned()).collect();
        Ok(OnboardedSystem { steps, org_id, key, org_code: org_code.unwrap_or_default() })
    }

    /// Whether everybody is there: a sandbox of an earlier version, or one whose people were changed, has no applications.
    fn is_complete(&self) -> bool {
        [
            "clerk",
            "reviewer",
            "approver",
            "keeper",
            "clerk.city1",
            "reviewer.city1",
            "clerk.county1",
            "reviewer.county1",
        ]
        .iter()
        .all(|login| self.world.operators.iter().any(|operator| operator.login == *login))
    }

    fn part(&self, login: &str) -> Option<Part> {
        let operator = self.world.operators.iter().find(|operator| operator.login == login)?;
        let grant = |given: &yanmi_simulator::world::OperatorGrant| {
            Some(Grant {
                role: Role::of_word(&given.role)?,
                area: Area::new(&given.region).ok()?,
                until: None,
            })
        };
        let grants = operator.grants.iter().map(grant).collect::<Option<_>>()?;
        Some(Part { login: operator.login.clone(), id: PersonId::new(&operator.login)?, grants })
    }

    /// A form of a system: of the vendor whose people have pages of their own (`theirs`), or of nobody who has.
    fn form(&self, system: &str, vendor: &str, theirs: bool) -> Form {
        let region = format!("{}{COUNTY}", &self.world.region.as_str()[..2]);
        let unit = self.world.applicants.first().filter(|_| theirs);
        let code = unit.map_or(NOBODYS_CODE, |person| person.applicant.credit_code.as_str());
        let mut form = Form::default();
        for (field, text) in [
            (Field::Applicant, system.trim_end_matches("收费").trim_end_matches("收银")),
            (Field::CreditCode, code),
            (Field::Region, region.as_str()),
            (Field::System, system),
            (Field::Vendor, vendor),
            (Field::Product, "示范收费系统"),
            (Field::Version, "5.2.1"),
            (Field::Interfaces, "notify,status"),
            (Field::Rate, "20"),
            (Field::Networks, "127.0.0.0/8"),
            (Field::AdminName, "林经办"),
            (Field::AdminPhone, "0591-00000000"),
            (Field::TechnicalName, "陈技术"),
            (Field::TechnicalPhone, "0591-00000001"),
        ] {
            form.set(field, text);
        }
        let first = self.world.accounts.first().and_then(|account| account.institutions.first());
        form.set_institutions(first.map(|member| member.org_codg).into_iter().collect());
        form
    }

    async fn give(
        &mut self,
        number: i64,
        login: &str,
        command: &Command<'_>,
    ) -> Result<(), AdministrationError> {
        let Some(part) = self.part(login) else { return Ok(()) };
        let host = Host::operator(&part.login);
        let act = Act::new(&host, "", self.registrar.now());
        let who = Actor::Operator { id: part.id, grants: &part.grants };
        self.administration.step_application(number, command, &who, &self.calendar, act).await
    }

    async fn play(
        &mut self,
        at: usize,
        (system, vendor): (&str, &str),
        reached: Reached,
        end: End,
    ) -> Result<(), AdministrationError> {
        // Whoever has pages of his own takes his keys there himself.
        let form = self.form(system, vendor, reached < Reached::Issued);
        let number = self.begin(&form).await?;
        self.walk(number, &form, reached).await?;
        if reached >= Reached::Issued {
            self.issue(number, &format!("applied.{at}"), reached >= Reached::Live).await?;
        }
        self.end(number, form.digest(), end).await
    }

    /// Takes an application from its draft to where it is to be, as far as its acceptance.
    async fn walk(&mut self, number: i64, form: &Form, reached: Reached) -> Result<(), AdministrationError> {
        let digest = form.digest();
        if reached >= Reached::County {
            self.give(number, "clerk", &Command::Submit(form)).await?;
        }
        if reached >= Reached::Claimed {
            self.give(number, "clerk.county1", &Command::Claim).await?;
        }
        if reached >= Reached::City {
            self.pass(number, digest, (Level::County, "county1")).await?;
        }
        if reached >= Reached::Province {
            self.give(number, "clerk.city1", &Command::Claim).await?;
            self.pass(number, digest, (Level::City, "city1")).await?;
        }
        if reached >= Reached::Proposed {
            let checked = checklist(Level::Province, Kind::System);
            let account = AccountId::new("t-his").ok();
            let approve = Command::Approve { form: digest, checked, account, opinion: "同意" };
            self.give(number, "approver", &approve).await?;
        }
        if reached >= Reached::Trial {
            self.give(number, "reviewer", &Command::Confirm { form: Some(digest) }).await?;
        }
        if reached >= Reached::Reported {
            self.give(number, "clerk", &Command::Report(&report(form, self.registrar.now()))).await?;
        }
        if reached >= Reached::Accepted {
            self.give(number, "clerk.city1", &Command::Witness).await?;
            self.give(number, "approver", &Command::Accept { until: None, opinion: "通过" }).await?;
        }
        Ok(())
    }

    /// Files one at the counter of the province; its number.
    async fn begin(&mut self, form: &Form) -> Result<i64, AdministrationError> {
        let Some(part) = self.part("clerk") else { return Ok(0) };
        let host = Host::operator(&part.login);
        let act = Act::new(&host, "", self.registrar.now());
        let who = Actor::Operator { id: part.id, grants: &part.grants };
        self.administration.begin_application((Kind::System, form, false), &who, act).await
    }

    async fn pass(
        &mut self,
        number: i64,
        form: FormDigest,
        (level, place): (Level, &str),
    ) -> Result<(), AdministrationError> {
        let checked = checklist(level, Kind::System);
        let pass = Command::Pass { form, checked, opinion: "属实" };
        self.give(number, &format!("clerk.{place}"), &pass).await?;
        self.give(number, &format!("reviewer.{place}"), &Command::Confirm { form: Some(form) }).await
    }

    /// Makes the account and its key out; whoever asked for it takes the key, if he is to.
    async fn issue(
        &mut self,
        number: i64,
        account: &str,
        taken: bool,
    ) -> Result<Option<Sm4Key>, AdministrationError> {
        let (Some(part), Ok(account)) = (self.part("keeper"), AccountId::new(account)) else {
            return Ok(None);
        };
        let host = Host::operator(&part.login);
        let now = self.registrar.now();
        let act = Act::new(&host, "", now);
        let who = Actor::Operator { id: part.id, grants: &part.grants };
        let world = (&who, &self.calendar);
        let issued = self.administration.issue_application((number, account), None, world, act).await?;
        let IssuedKeyOffer::Link(offer) = issued else { return Ok(None) };
        if !taken {
            return Ok(None);
        }
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.administration.take_key(&offer.link, &offer.passcode, from, now).await.map(Some)
    }

    async fn end(&mut self, number: i64, form: FormDigest, end: End) -> Result<(), AdministrationError> {
        let fault = Fault { field: Field::Networks, why: "不是医保专网的网段".to_owned() };
        match end {
            End::GoesOn => Ok(()),
            End::Returned => {
                let back = Command::Return { form, faults: &[fault], opinion: "" };
                self.give(number, "clerk.county1", &back).await
            }
            End::Refused => {
                let (ground, opinion) = (Ground::NotDesignated, "不是定点医药机构");
                self.give(number, "approver", &Command::Refuse { form, ground, opinion }).await?;
                self.give(number, "reviewer", &Command::Confirm { form: Some(form) }).await
            }
            End::Withdrawn => self.give(number, "clerk", &Command::Withdraw).await,
            End::Suspended => {
                let (ground, opinion) = (Ground::Security, "疑似被冒用");
                self.give(number, "approver", &Command::Suspend { ground, opinion, until: None }).await
            }
            End::Closed => {
                let (ground, opinion) = (Ground::AtRequest, "院区已停用");
                self.give(number, "approver", &Command::Close { ground, opinion }).await?;
                self.give(number, "reviewer", &Command::Confirm { form: None }).await
            }
        }
    }
}

/// What the vendor's own run wrote.
fn report(form: &Form, at: UnixMillis) -> Report {
    let (digest, conclusion) = (*form.digest().bytes(), ReportConclusion::Passed);
    Report { digest, conclusion, at, origin: Origin::Own, product: form.product(), run: None }
}
