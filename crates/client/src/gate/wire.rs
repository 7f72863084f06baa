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

/// A moment, as milliseconds.
pub(super) mod time {
    use serde::{Deserialize, Deserializer, Serializer};
    use yanmi_protocol::UnixMillis;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<S: Serializer>(
        time: &UnixMillis,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.get())
    }

    pub(in crate::gate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<UnixMillis, D::Error> {
        i64::deserialize(deserializer).map(UnixMillis::new)
    }
}

/// A moment, or none.
pub(super) mod optional_time {
    use serde::{Deserialize, Deserializer, Serializer};
    use yanmi_protocol::UnixMillis;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<S: Serializer>(
        time: &Option<UnixMillis>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&time.get()),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::gate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UnixMillis>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(UnixMillis::new))
    }
}

/// An amount, as fen.
pub(super) mod amount {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use yanmi_protocol::Amount;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<S: Serializer>(
        amount: &Amount,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(amount.fen())
    }

    pub(in crate::gate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Amount, D::Error> {
        Amount::from_fen(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An amount, or none.
pub(super) mod optional_amount {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use yanmi_protocol::Amount;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(in crate::gate) fn serialize<S: Serializer>(
        amount: &Option<Amount>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => serializer.serialize_some(&amount.fen()),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::gate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Amount>, D::Error> {
        let fen = Option::<i64>::deserialize(deserializer)?;
        fen.map(|fen| Amount::from_fen(fen).map_err(de::Error::custom)).transpose()
    }
}
