//! How values are written where an application is stored.

/// What is stored as a word of a closed list.
pub(super) trait Word: Sized {
    /// The word.
    fn word(&self) -> &'static str;
    /// What it stands for; nothing for one that a newer version wrote.
    fn of_word(word: &str) -> Option<Self>;
}

impl Word for crate::area::Level {
    fn word(&self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| Word::word(level) == word)
    }
}

/// Declares how a kind of value is written and read: the module, its type, to text, from text.
macro_rules! as_text {
    ($name:ident, $kind:ty, $to:expr, $of:expr) => {
        pub(super) mod $name {
            use serde::{Deserialize, Deserializer, Serializer, de};

            pub(in crate::application) fn serialize<S: Serializer>(
                value: &$kind,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                let text: fn(&$kind) -> String = $to;
                to.serialize_str(&text(value))
            }

            pub(in crate::application) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<$kind, D::Error> {
                let text = String::deserialize(from)?;
                let read: fn(&str) -> Option<$kind> = $of;
                read(&text).ok_or_else(|| de::Error::custom(concat!("no ", stringify!($name))))
            }
        }
    };
}

as_text!(area, crate::area::Area, |area| area.as_str().to_owned(), |text| crate::area::Area::new(text).ok());
as_text!(account, yanmi_protocol::AccountId, |account| account.as_str().to_owned(), |text| {
    yanmi_protocol::AccountId::new(text).ok()
});
as_text!(check_value, yanmi_protocol::KeyCheckValue, |value| value.to_string(), |text| {
    yanmi_protocol::KeyCheckValue::read(text)
});
as_text!(digest, [u8; 32], |bytes| yanmi_protocol::hex::encode(bytes), |text| yanmi_protocol::hex::decode(
    text
)?
.try_into()
.ok());

pub(super) mod word {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Word;

    pub(in crate::application) fn serialize<T: Word, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.word())
    }

    pub(in crate::application) fn deserialize<'de, T: Word, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        T::of_word(&text).ok_or_else(|| de::Error::custom("an unknown word"))
    }
}

pub(super) mod time {
    use serde::{Deserialize, Deserializer, Serializer};
    use yanmi_protocol::UnixMillis;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
    pub(in crate::application) fn serialize<S: Serializer>(
        value: &UnixMillis,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_i64(value.get())
    }

    pub(in crate::application) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<UnixMillis, D::Error> {
        i64::deserialize(from).map(UnixMillis::new)
    }
}

pub(super) mod optional_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use yanmi_protocol::UnixMillis;

    #[expect(clippy::ref_option, reason = "serde hands over references to members")]
    pub(in crate::application) fn serialize<S: Serializer>(
        value: &Option<UnixMillis>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(UnixMillis::get).serialize(to)
    }

    pub(in crate::application) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<UnixMillis>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(UnixMillis::new))
    }
}

pub(super) mod optional_account {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use yanmi_protocol::AccountId;

    #[expect(clippy::ref_option, reason = "serde hands over references to members")]
    pub(in crate::application) fn serialize<S: Serializer>(
        value: &Option<AccountId>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(AccountId::as_str).serialize(to)
    }

    pub(in crate::application) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<AccountId>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| AccountId::new(&text).map_err(de::Error::custom)).transpose()
    }
}
