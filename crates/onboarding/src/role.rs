//! Who: the roles of operators.

use crate::area::Level;

/// A role that an operator can have in an area.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Invites and closes operators, sees settings and health, and gives no rights.
    SystemAdmin,
    /// Gives and takes rights, and has none over what is registered.
    SecurityAdmin,
    /// Reads what operators did, and changes nothing.
    Auditor,
    /// Prepares what others decide.
    Clerk,
    /// Is the second person of a decision.
    Reviewer,
    /// Decides.
    Approver,
    /// Gives out and changes keys, and does not decide whom they are for.
    KeyKeeper,
    /// Watches what runs, and stops somebody in an emergency.
    Duty,
    /// Looks things up for those who call.
    Helpdesk,
}

impl Role {
    /// All of them, the administrators first.
    pub const ALL: [Self; 9] = [
        Self::SystemAdmin,
        Self::SecurityAdmin,
        Self::Auditor,
        Self::Clerk,
        Self::Reviewer,
        Self::Approver,
        Self::KeyKeeper,
        Self::Duty,
        Self::Helpdesk,
    ];

    /// The word it is stored as, which is never reused.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SystemAdmin => "system-admin",
            Self::SecurityAdmin => "security-admin",
            Self::Auditor => "auditor",
            Self::Clerk => "clerk",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::KeyKeeper => "key-keeper",
            Self::Duty => "duty",
            Self::Helpdesk => "helpdesk",
        }
    }

    /// The role of a stored word; nothing for one that a newer version wrote.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What operators read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemAdmin => "系统管理员",
            Self::SecurityAdmin => "安全管理员",
            Self::Auditor => "审计员",
            Self::Clerk => "经办",
            Self::Reviewer => "复核",
            Self::Approver => "审批",
            Self::KeyKeeper => "密钥管理",
            Self::Duty => "值班",
            Self::Helpdesk => "查询",
        }
    }

    /// Whether there is this role in areas of `level`.
    pub const fn may_have(self, level: Level) -> bool {
        match self {
            Self::SystemAdmin | Self::SecurityAdmin | Self::Approver | Self::KeyKeeper => {
                matches!(level, Level::Province)
            }
            Self::Auditor | Self::Duty => matches!(level, Level::Province | Level::City),
            Self::Clerk | Self::Reviewer | Self::Helpdesk => true,
        }
    }

    /// Whether it is one of the three that administer, as opposed to those that do the business.
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor)
    }

    /// Whether nobody may have both at once, wherever: an administrator has no other role. The other way round is the
    /// same, and no role excludes itself.
    pub fn excludes(self, other: Role) -> bool {
        self != other && (self.is_administrator() || other.is_administrator())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_names_and_levels() {
        let table = [
            (Role::SystemAdmin, "system-admin", "系统管理员", [true, false, false]),
            (Role::SecurityAdmin, "security-admin", "安全管理员", [true, false, false]),
            (Role::Auditor, "auditor", "审计员", [true, true, false]),
            (Role::Clerk, "clerk", "经办", [true, true, true]),
            (Role::Reviewer, "reviewer", "复核", [true, true, true]),
            (Role::Approver, "approver", "审批", [true, false, false]),
            (Role::KeyKeeper, "key-keeper", "密钥管理", [true, false, false]),
            (Role::Duty, "duty", "值班", [true, true, false]),
            (Role::Helpdesk, "helpdesk", "查询", [true, true, true]),
        ];
        assert_eq!(table.map(|(role, ..)| role), Role::ALL);
        for (role, word, name, levels) in table {
            assert_eq!(role.word(), word);
            assert_eq!(Role::of_word(word), Some(role));
            assert_eq!(role.name(), name);
            assert_eq!(Level::ALL.map(|level| role.may_have(level)), levels, "{word}");
        }
        let words: BTreeSet<&str> = Role::ALL.into_iter().map(Role::word).collect();
        assert_eq!(words.len(), Role::ALL.len());
        for unknown in ["", "root", "Auditor", "审计员"] {
            assert_eq!(Role::of_word(unknown), None, "{unknown}");
        }
        // One more in `word` is one more in `ALL`.
        let written = include_str!("role.rs").lines().filter(|line| line.contains("=> \"")).count();
        assert_eq!(written, 2 * Role::ALL.len());
    }

    proptest! {
        #[test]
        fn exclusion(one in prop::sample::select(&Role::ALL[..]), other in prop::sample::select(&Role::ALL[..])) {
            let administrators = [Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor];
            let some = administrators.contains(&one) || administrators.contains(&other);
            prop_assert_eq!(one.is_administrator(), administrators.contains(&one));
            prop_assert_eq!(one.excludes(other), some && one != other);
            prop_assert_eq!(one.excludes(other), other.excludes(one));
        }
    }
}
