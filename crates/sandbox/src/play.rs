//! The running center, with everybody else beside it.

use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use yanmi_center::Center;
use yanmi_center::config::Config;
use yanmi_center::observe::{Observer, SeenAnswer, SeenRequest};
use yanmi_protocol::Sm4Key;
use yanmi_simulator::{Onlooker, Simulator, World};

use crate::applications;
use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;
use crate::second_look::{SecondLook, look_at};

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
    /// When one of them cannot start.
    pub async fn start(parts: PlayParts) -> Result<Self, SandboxError> {
        let PlayParts { config, registrar, world, listener } = parts;
        let window: Arc<OnceLock<Arc<Window>>> = Arc::default();
        let has_console = config.listen.operator.address.is_some();
        // Boxed, for it has much to remember until everything runs, and whoever waits for it would have to.
        let starting = Center::start_observed(config, registrar.ports.clone(), Some(through(&window)));
        let center =
            Box::pin(starting).await.map_err(|error| SandboxError::because("中心未能启动", &error))?;
        let simulator = match listener {
            Some(listener) => Some(beside(&center, (registrar, has_console), world, listener)?),
            None => None,
        };
        if let Some(simulator) = &simulator {
            // It is set here only, and once.
            let _ = window.set(Arc::new(Window {
                onlooker: simulator.onlooker(),
                keys_of: Box::new(center.keys_lookup()),
                look: SecondLook::new(),
            }));
        }
        Ok(Self { center, simulator })
    }

    /// Has every person who is to have password-free settlement from the beginning switch it on: to be called once the center
    /// can be reached where the world says it is. Calling it again changes nothing.
    ///
    /// # Errors
    /// When the center cannot be reached or refuses.
    pub async fn switch_password_free(&self) -> Result<(), SandboxError> {
        let Some(simulator) = &self.simulator else { return Ok(()) };
        let switched = simulator.switch_password_free().await;
        switched.map_err(|error| SandboxError::because("未能设置免密参保人", &error))
    }

    /// Stops both, within their bounds.
    pub async fn stop(self) {
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        self.center.stop().await;
    }
}

/// The keys of an account by its `orgId`.
type KeysOf = dyn Fn(&str) -> Vec<Sm4Key> + Send + Sync;

/// What looks at requests from outside with: the page, and the keys of accounts, once both are there.
struct Window {
    onlooker: Onlooker,
    keys_of: Box<KeysOf>,
    look: SecondLook,
}

/// Shows what the center sees on the simulator's page, as soon as there is one, and says what is wrong with what it refused.
fn through(window: &Arc<OnceLock<Arc<Window>>>) -> Observer {
    let window = Arc::clone(window);
    Arc::new(move |request: SeenRequest| {
        let window = window.get().cloned();
        let shown = window.as_ref().map(|window| window.onlooker.request(&request.path, &request.body));
        Box::new(move |answer: SeenAnswer| {
            let Some((window, shown)) = window.zip(shown) else { return };
            if !window.look.is_due(&answer.body) {
                shown.answered(answer.status, &answer.body, answer.cause.as_deref());
                return;
            }
            // The answer has gone; a look takes a while.
            tokio::task::spawn_blocking(move || {
                let wrong = look_at(&request.body, &*window.keys_of);
                let parts: Vec<String> = answer.cause.into_iter().chain(wrong).collect();
                let cause = (!parts.is_empty()).then(|| parts.join("；"));
                shown.answered(answer.status, &answer.body, cause.as_deref());
            });
        })
    })
}

/// Starts everybody else.
fn beside(
    center: &Center,
    (registrar, has_console): (Registrar, bool),
    world: World,
    listener: TcpListener,
) -> Result<Simulator, SandboxError> {
    let (clock, entropy) = (registrar.ports.clock.clone(), registrar.ports.entropy.clone());
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    let entropy: yanmi_simulator::Entropy = Arc::new(move |bytes: &mut [u8]| entropy.fill(bytes));
    let simulator = Simulator::start(world.clone(), listener, clock, entropy)
        .map_err(|error| SandboxError::because("模拟器未能启动", &error))?;
    simulator.with_center(center.store_switch(), center.keys_lookup());
    // Whoever lets a system in works at the console.
    if has_console {
        simulator.with_onboarding(move || Box::pin(applications::bring_in(registrar.clone(), world.clone())));
    }
    Ok(simulator)
}
