//! The mistakes of the sample apps.

/// One honest mistake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    /// Alerts whenever something arrives.
    AlertsTwice,
    /// Alerts about a number once and never again.
    AlertsNoMore,
    /// Shows what came last, whatever its `notcSeq`.
    BelievesLate,
    /// Leaves withdrawn notices on the screen.
    IgnoresWithdrawal,
    /// Leaves replaced notices on the screen.
    KeepsReplaced,
    /// Takes the notice of another institution for a newer one of the same matter.
    MixesInstitutions,
    /// Lets confirm after the end.
    ConfirmsAfterEnd,
    /// Keeps the end a notice first came with.
    KeepsFirstEnd,
    /// Looks at no mac.
    AnyMac,
    /// Says in a denial what was wrong.
    ExplainsDenial,
    /// Takes notices for persons it does not know.
    TakesStrangers,
    /// Refuses with a stack trace.
    StackTrace,
    /// Takes notices for other channels.
    TakesOtherChannels,
    /// Answers without a mac.
    NoAnswerMac,
    /// Lets through without a password what has no amount.
    FreeWithoutAmount,
    /// Never has password-free payment switched off.
    NeverSwitchesOff,
    /// Does slow things before it answers.
    AnswersLate,
    /// Answers in plain text.
    PlainAnswer,
    /// Shows 0 where there is no amount.
    ZeroAmount,
    /// Reads names as HTML.
    ReadsMarkup,
    /// Has no message center.
    NoMessageCenter,
    /// Keeps notices in memory.
    Forgets,
    /// Sends another digest.
    OtherDigest,
    /// Sends the password itself.
    PlainPassword,
    /// Has one authorization number for all faces.
    OneFace,
    /// Reports its own payment password as right when it was not.
    LiesAboutPassword,
    /// Reports a cancellation as "not me".
    CancelIsNotMe,
    /// Reports "not me" as a cancellation.
    NotMeIsCancel,
    /// Reports once, whatever comes back.
    GivesUp,
    /// Repeats with a new `authTime`.
    NewTime,
    /// Shows a failure where there is no result.
    ShowsFailure,
    /// Believes answers with a wrong mac.
    BelievesAnyMac,
    /// Believes code 0, whether it opens or not.
    BelievesUnopened,
    /// Takes any answer for a success.
    IgnoresCode,
    /// Does not say how many tries are left.
    HidesTries,
    /// Goes on sending passwords when locked.
    TriesLocked,
    /// Leaves on the screen what no longer counts.
    KeepsVoid,
    /// Shows a success as a failure.
    MistakesSuccess,
    /// Asks again what was answered, when the same notice comes anew.
    AsksAnew,
    /// Stamps every request with the time it was started.
    OldTimestamp,
    /// Writes `encData` in lower case.
    LowerCase,
    /// Fetches the link before the person does.
    OpensLinkTwice,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 42] = [
        Self::AlertsTwice,
        Self::AlertsNoMore,
        Self::BelievesLate,
        Self::IgnoresWithdrawal,
        Self::KeepsReplaced,
        Self::MixesInstitutions,
        Self::ConfirmsAfterEnd,
        Self::KeepsFirstEnd,
        Self::AnyMac,
        Self::ExplainsDenial,
        Self::TakesStrangers,
        Self::StackTrace,
        Self::TakesOtherChannels,
        Self::NoAnswerMac,
        Self::FreeWithoutAmount,
        Self::NeverSwitchesOff,
        Self::AnswersLate,
        Self::PlainAnswer,
        Self::ZeroAmount,
        Self::ReadsMarkup,
        Self::NoMessageCenter,
        Self::Forgets,
        Self::OtherDigest,
        Self::PlainPassword,
        Self::OneFace,
        Self::LiesAboutPassword,
        Self::CancelIsNotMe,
        Self::NotMeIsCancel,
        Self::GivesUp,
        Self::NewTime,
        Self::ShowsFailure,
        Self::BelievesAnyMac,
        Self::BelievesUnopened,
        Self::IgnoresCode,
        Self::HidesTries,
        Self::TriesLocked,
        Self::KeepsVoid,
        Self::MistakesSuccess,
        Self::AsksAnew,
        Self::OldTimestamp,
        Self::LowerCase,
        Self::OpensLinkTwice,
    ];
}
