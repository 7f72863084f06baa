//! The operators of the sandbox's console.

use yanmi_center::registry::{
    Act, Actor, AdministrationError, KnownOperator, Login, NewOperator, RandomPassword, TotpSecret,
};
use yanmi_onboarding::{Area, Grant, Level, Role};
use yanmi_simulator::World;
use yanmi_simulator::world::{Operator, OperatorGrant};

use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// Adds those who are missing. Whoever is there stays as he is: he may have another password by now.
///
/// # Errors
/// When the database fails, or somebody of the world cannot be taken.
pub async fn register(registrar: &Registrar, world: &World) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("未能登记沙箱的操作员", &error);
    let actor = Actor::program("sandbox");
    let act = Act::new(&actor, "", registrar.now());
    let mut administration = registrar.open().await.map_err(failed)?;
    let there = administration.operators().await.map_err(failed)?;
    for operator in &world.operators {
        if there.iter().any(|row| row.login.as_str() == operator.login) {
            continue;
        }
        let known = known(operator)?;
        administration.add_known_operator(&known, act).await.map_err(failed)?;
    }
    administration.close().await.map_err(failed)
}

/// The operator as the center takes him.
fn known(operator: &Operator) -> Result<KnownOperator, SandboxError> {
    let login = Login::new(&operator.login).map_err(|error| wrong(operator, &error))?;
    let grants: Result<Vec<Grant>, SandboxError> =
        operator.grants.iter().map(|given| grant(operator, given)).collect();
    Ok(KnownOperator {
        who: NewOperator { login, name: operator.name.clone(), unit: unit(operator).to_owned() },
        password: RandomPassword(operator.password.clone().into()),
        totp: TotpSecret::read(&operator.totp_secret).map_err(|error| wrong(operator, &error))?,
        grants: grants?,
    })
}

fn grant(operator: &Operator, given: &OperatorGrant) -> Result<Grant, SandboxError> {
    let role = Role::of_word(&given.role);
    let role = role.ok_or_else(|| SandboxError::new(format!("没有 {} 这个角色", given.role)));
    let area = Area::new(&given.region).map_err(|error| wrong(operator, &error))?;
    Ok(Grant { role: role?, area, until: None })
}

/// Where he works, by the largest area he has.
fn unit(operator: &Operator) -> &'static str {
    let areas = operator.grants.iter().filter_map(|given| Area::new(&given.region).ok());
    match areas.map(|area| area.level()).min() {
        None | Some(Level::Province) => "示范省医疗保障局",
        Some(Level::City) => "示范市医疗保障局",
        Some(Level::County) => "示范县医疗保障局",
    }
}

fn wrong(operator: &Operator, error: &(dyn std::error::Error + 'static)) -> SandboxError {
    SandboxError::because(&format!("sandbox.json 中的操作员 {} 不可用", operator.login), error)
}
