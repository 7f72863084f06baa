//! What somebody makes of a notice.

use crate::chance::Chance;

/// What somebody makes of a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mind {
    Confirms,
    /// Mistypes so often first.
    Mistypes(u32),
    Cancels,
    IsNotMe,
    /// The app says that it failed.
    Fails,
    Ignores,
    Late,
}

impl Mind {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..=69 => Self::Confirms,
            70..=78 => Self::Mistypes(u32::try_from(1 + chance.below(6)).unwrap_or(1)),
            79..=85 => Self::Cancels,
            86..=88 => Self::IsNotMe,
            89..=93 => Self::Ignores,
            _ => Self::Late,
        }
    }
}
