//! The protocol's types as they stand in a stored record.

/// A token, or none.
pub(super) mod token {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use yanmi_protocol::EcToken;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<S: Serializer>(
        token: &Option<EcToken>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => serializer.serialize_some(token.as_str()),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::gate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<EcToken>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| EcToken::new(&text).map_err(de::Error::custom)).transpose()
    }
}

/// What is written as a whole number: a moment as milliseconds, an amount as fen.
pub(super) trait Whole: Copy {
    fn number(self) -> i64;
    fn of<E: serde::de::Error>(number: i64) -> Result<Self, E>;
}

impl Whole for yanmi_protocol::UnixMillis {
    fn number(self) -> i64 {
        self.get()
    }

    fn of<E: serde::de::Error>(number: i64) -> Result<Self, E> {
        Ok(Self::new(number))
    }
}

impl Whole for yanmi_protocol::Amount {
    fn number(self) -> i64 {
        self.fen()
    }

    fn of<E: serde::de::Error>(number: i64) -> Result<Self, E> {
        Self::from_fen(number).map_err(E::custom)
    }
}

/// A moment or an amount.
pub(super) mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Whole;

    pub(in crate::gate) fn serialize<T: Whole, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(value.number())
    }

    pub(in crate::gate) fn deserialize<'de, T: Whole, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::of(i64::deserialize(deserializer)?)
    }
}

/// A moment or an amount, or none.
pub(super) mod optional_number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Whole;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<T: Whole, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Whole::number).serialize(serializer)
    }

    pub(in crate::gate) fn deserialize<'de, T: Whole, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<i64>::deserialize(deserializer)?.map(T::of).transpose()
    }
}
