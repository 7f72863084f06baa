//! The applicants of the sandbox, and their persons.

use yanmi_center::registry::{
    Act, Actor, Administration, AdministrationError, KnownApplicantUser, Login, NewApplicant,
    NewApplicantUser, RandomPassword, TotpSecret,
};
use yanmi_onboarding::{ApplicantKind, ApplicantRole, Area, CreditCode};
use yanmi_simulator::World;
use yanmi_simulator::world::ApplicantPerson;

use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// Adds what is missing: units, persons, and whose an account is that is nobody's. Whatever is there stays as it is.
///
/// # Errors
/// When the database fails, or somebody of the world cannot be taken.
pub async fn register(registrar: &Registrar, world: &World) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("未能登记沙箱的申请方", &error);
    let actor = Actor::program("sandbox");
    let act = Act::new(&actor, "", registrar.now());
    let mut administration = registrar.open().await.map_err(failed)?;
    for person in &world.applicants {
        add(&mut administration, person, act).await?;
    }
    administration.close().await.map_err(failed)
}

async fn add(
    administration: &mut Administration,
    person: &ApplicantPerson,
    act: Act<'_>,
) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| wrong(person, &error);
    let (unit, known) = (unit(person)?, known(person)?);
    if administration.applicant(&unit.credit_code).await.map_err(failed)?.is_none() {
        administration.add_applicant(&unit, act).await.map_err(failed)?;
    }
    let applicant = administration.applicant(&unit.credit_code).await.map_err(failed)?;
    let Some(applicant) = applicant.filter(|applicant| applicant.closed_at.is_none()) else { return Ok(()) };
    let there = administration.applicant_users(applicant.number).await.map_err(failed)?;
    if !there.iter().any(|row| row.login == known.who.login) {
        administration.add_known_applicant_user(&known, act).await.map_err(failed)?;
    }
    let account = person.applicant.account;
    let row = administration.account(&account).await.map_err(failed)?;
    if row.is_some_and(|row| row.applicant.is_none() && row.closed_at.is_none()) {
        administration.assign_account(account, Some(unit.credit_code), act).await.map_err(failed)?;
    }
    Ok(())
}

/// The applicant as the center takes it.
fn unit(person: &ApplicantPerson) -> Result<NewApplicant, SandboxError> {
    let unit = &person.applicant;
    let kind = ApplicantKind::of_word(&unit.kind);
    Ok(NewApplicant {
        kind: kind.ok_or_else(|| SandboxError::new(format!("没有 {} 这种申请方", unit.kind)))?,
        name: unit.name.clone(),
        credit_code: CreditCode::new(&unit.credit_code).map_err(|error| wrong(person, &error))?,
        region: Area::new(&unit.region).map_err(|error| wrong(person, &error))?,
    })
}

/// The person as the center takes him.
fn known(person: &ApplicantPerson) -> Result<KnownApplicantUser, SandboxError> {
    let role = ApplicantRole::of_word(&person.role);
    Ok(KnownApplicantUser {
        who: NewApplicantUser {
            login: Login::new(&person.login).map_err(|error| wrong(person, &error))?,
            applicant: unit(person)?.credit_code,
            name: person.name.clone(),
            phone: person.phone.clone(),
            role: role.ok_or_else(|| SandboxError::new(format!("没有 {} 这个角色", person.role)))?,
        },
        password: RandomPassword(person.password.clone().into()),
        totp: TotpSecret::read(&person.totp_secret).map_err(|error| wrong(person, &error))?,
    })
}

fn wrong(person: &ApplicantPerson, error: &(dyn std::error::Error + 'static)) -> SandboxError {
    SandboxError::because(&format!("sandbox.json 中的申请方人员 {} 不可用", person.login), error)
}
