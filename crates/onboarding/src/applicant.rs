//! Who asks for access: what kind of unit it is, and what its persons are.

/// What an applicant is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ApplicantKind {
    /// A vendor, whose system serves institutions.
    Vendor,
    /// A designated institution with a system of its own.
    Institution,
}

impl ApplicantKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vendor, Self::Institution];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Institution => "institution",
        }
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vendor => "厂商",
            Self::Institution => "定点医药机构",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a person is for his applicant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ApplicantRole {
    /// 经办负责人: sees all of it, and submits.
    Admin,
    /// 技术联系人: sees all of it.
    Technical,
}

impl ApplicantRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Admin, Self::Technical];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Technical => "technical",
        }
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "经办负责人",
            Self::Technical => "技术联系人",
        }
    }

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for kind in ApplicantKind::ALL {
            assert_eq!(ApplicantKind::of_word(kind.word()), Some(kind));
        }
        for role in ApplicantRole::ALL {
            assert_eq!(ApplicantRole::of_word(role.word()), Some(role));
        }
        assert_eq!((ApplicantKind::of_word(""), ApplicantRole::of_word("vendor")), (None, None));
    }
}
