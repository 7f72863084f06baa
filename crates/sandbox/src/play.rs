//! The running center, with everybody else beside it.

use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use yanmi_center::Center;
use yanmi_center::config::Config;
use yanmi_center::observe::{Observer, SeenAnswer, SeenRequest};
use yanmi_simulator::{Onlooker, Simulator, World};

use crate::applications;
use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// What a play is started from.
#[derive(Debug)]
pub struct PlayParts {
    /// The center's configuration.
    pub config: Config,
    /// How it is registered at; its ports are the center's and the simulator's.
    pub registrar: Registrar,
    /// Who exists, registered already.
    pub world: World,
    /// Where the simulator listens; nothing where another one plays for this center's site.
    pub listener: Option<TcpListener>,
}

/// A center, and the simulator beside it.
#[derive(Debug)]
pub struct Play {
    /// The center.
    pub center: Center,
    /// Everybody else; nothing where another process plays them.
    pub simulator: Option<Simulator>,
}

impl Play {
    /// Starts both: what the center is asked from outside is shown on the simulator's page.
    ///
    /// # Errors
    /// When one of them cannot start, or a person's password-free settlement could not be switched on.
    pub async fn start(parts: PlayParts) -> Result<Self, SandboxError> {
        let PlayParts { config, registrar, world, listener } = parts;
        let window: Arc<OnceLock<Onlooker>> = Arc::default();
        let center = Center::start_observed(config, registrar.ports.clone(), Some(through(&window)))
            .await
            .map_err(|error| SandboxError::because("中心未能启动", &error))?;
        let simulator = match listener {
            Some(listener) => Some(beside(&center, registrar, world, listener).await?),
            None => None,
        };
        if let Some(simulator) = &simulator {
            // It is set here only, and once.
            let _ = window.set(simulator.onlooker());
        }
        Ok(Self { center, simulator })
    }

    /// Stops both, within their bounds.
    pub async fn stop(self) {
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        self.center.stop().await;
    }
}

/// Shows what the center sees on the simulator's page, as soon as there is one.
fn through(window: &Arc<OnceLock<Onlooker>>) -> Observer {
    let window = Arc::clone(window);
    Arc::new(move |request: SeenRequest| {
        let shown = window.get().map(|onlooker| onlooker.request(&request.path, &request.body));
        Box::new(move |answer: SeenAnswer| {
            if let Some(shown) = shown {
                shown.answered(answer.status, &answer.body, answer.cause.as_deref());
            }
        })
    })
}

/// Starts everybody else.
async fn beside(
    center: &Center,
    registrar: Registrar,
    world: World,
    listener: TcpListener,
) -> Result<Simulator, SandboxError> {
    let (clock, entropy) = (registrar.ports.clock.clone(), registrar.ports.entropy.clone());
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    let entropy: yanmi_simulator::Entropy = Arc::new(move |bytes: &mut [u8]| entropy.fill(bytes));
    let simulator = Simulator::start(world.clone(), listener, clock, entropy)
        .map_err(|error| SandboxError::because("模拟器未能启动", &error))?;
    simulator
        .switch_password_free()
        .await
        .map_err(|error| SandboxError::because("未能设置免密参保人", &error))?;
    simulator.with_center(center.store_switch(), center.keys_lookup());
    simulator.with_onboarding(move || Box::pin(applications::bring_in(registrar.clone(), world.clone())));
    Ok(simulator)
}
