//! The accounts of the reference's examples.

use yanmi_protocol::Sm4Key;

use super::World;
use super::cast::{account, constant};

/// The key of the reference's examples: that of the vectors. It is printed, so it is for sandboxes only.
pub const EXAMPLE_KEY: &str = "00112233445566778899AABBCCDDEEFF";

impl World {
    /// Gives a world of an earlier version the accounts of the examples.
    pub fn show_examples(&mut self) {
        if !self.example_accounts.is_empty() {
            return;
        }
        let key = || constant(Sm4Key::from_hex(EXAMPLE_KEY));
        let first = self.accounts.first().and_then(|account| account.institutions.first()).cloned();
        self.example_accounts = vec![
            account("exampleOrgId", key(), first.into_iter().collect()),
            account("exampleNoRights", key(), Vec::new()),
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tests::{sample, urls};

    #[test]
    fn an_old_world_gets_them_and_keeps_them() {
        let mut world = sample(&urls("http://127.0.0.1:8359"));
        let shown = world.to_json();
        world.example_accounts.clear();
        world.show_examples();
        assert_eq!(world.to_json(), shown);
        assert_eq!(world.example_accounts[0].institutions[0].org_codg.as_str(), "H35010000001");
        assert_eq!(
            world.example_accounts[0].kcv,
            Sm4Key::from_hex(EXAMPLE_KEY).expect("a key").kcv().to_string()
        );
    }
}
