//! A visit whose course is fixed.

use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::EcToken;

use super::counter::Visit;
use super::phone;
use crate::cast::Holder;
use crate::scene::{Extra, Scene};
use crate::world::World;

/// What is to be confirmed, in fen, and another amount.
const AMOUNTS: (i64, i64) = (12_345, 54_321);
/// A limit of password-free settlement that covers both.
const LIMIT: i64 = 100_000;
/// Between two questions of a counter.
const ASKS_EVERY: Duration = Duration::from_millis(500);
/// How long it asks.
const ASKS_FOR: Duration = Duration::from_secs(9);
/// Two notices are at least three seconds apart (V8).
const APART: Duration = Duration::from_millis(3_200);
/// How often a notice that was not sent is asked for again.
const TRIES: usize = 4;

impl Visit {
    /// The visit of this number, as its scene has it.
    pub(crate) fn of_scene(number: u64, scene: &Scene) -> Self {
        let person = u32::try_from(number - 1).unwrap_or(0);
        let account = u16::try_from(number % 3).unwrap_or(0);
        Self { number, holder: Holder { person, app: scene.app }, account, institution: 0 }
    }

    /// From the code that is shown until the counter is done.
    pub(crate) async fn play_scene(&self, world: &Arc<World>, scene: &Scene) {
        let mut token = world.show(self.holder, self.number);
        let (amount, other) = (Some(AMOUNTS.0), Some(AMOUNTS.1));
        match scene.extra {
            Extra::StatusFirst => {
                self.may_settle(world, token, None).await;
            }
            Extra::Free => {
                phone::switch_free(world, self.holder, true, LIMIT).await;
                self.notify(world, token, amount).await;
                self.may_settle(world, token, None).await;
                phone::switch_free(world, self.holder, false, 0).await;
                token = world.show(self.holder, self.number);
            }
            _ => {}
        }
        self.ask_until_sent(world, token, amount).await;
        match scene.extra {
            Extra::AskAgain => {
                tokio::time::sleep(APART).await;
                self.notify(world, token, amount).await;
            }
            Extra::OtherAmount => {
                tokio::time::sleep(APART).await;
                self.notify(world, token, other).await;
            }
            Extra::OtherCode => {
                tokio::time::sleep(APART).await;
                token = world.show(self.holder, self.number);
                self.ask_until_sent(world, token, amount).await;
            }
            _ => {}
        }
        let settled = self.ask_for_a_while(world, token).await;
        if settled && scene.extra == Extra::AfterConfirmation {
            self.notify(world, token, amount).await;
            self.may_settle(world, token, None).await;
            tokio::time::sleep(APART).await;
            self.notify(world, token, other).await;
            self.may_settle(world, token, None).await;
        }
    }

    async fn ask_until_sent(&self, world: &Arc<World>, token: EcToken, amount: Option<i64>) {
        for _ in 0..TRIES {
            if self.notify(world, token, amount).await == Some(0) {
                return;
            }
            tokio::time::sleep(APART).await;
        }
    }

    async fn ask_for_a_while(&self, world: &Arc<World>, token: EcToken) -> bool {
        let until = world.clock.elapsed() + ASKS_FOR;
        while world.clock.elapsed() < until {
            tokio::time::sleep(ASKS_EVERY).await;
            if self.may_settle(world, token, None).await == Some(true) {
                return true;
            }
        }
        false
    }
}
