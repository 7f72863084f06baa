//! How a row of the table of settings is written.

use super::setting::{Form, Presence, Unit};

/// What a path looks like.
pub(super) const PATH: &str = "文件路径，相对路径以配置文件所在目录为起点";

/// A row: key, field, form, what it does, why it is bounded so.
macro_rules! row {
    ($key:literal, $($field:ident).+, $form:expr, $about:literal, $reason:literal) => {
        $crate::config::setting::Setting {
            key: $key,
            form: $form,
            about: $about,
            reason: $reason,
            put: |config, given| {
                config.$($field).+ = Field::read(given)?;
                Ok(())
            },
            show: |config, form| Field::show(&config.$($field).+, form),
        }
    };
}
pub(super) use row;

pub(super) const fn count(unit: &'static str, default: u64, min: u64, max: u64) -> Form {
    Form::Whole { unit: Unit::Count(unit), default, min, max }
}

pub(super) const fn seconds(default: u64, min: u64, max: u64) -> Form {
    Form::Whole { unit: Unit::Seconds, default, min, max }
}

pub(super) const fn milliseconds(default: u64, min: u64, max: u64) -> Form {
    Form::Whole { unit: Unit::Milliseconds, default, min, max }
}

pub(super) const fn text(what: &'static str, presence: Presence) -> Form {
    Form::Text { what, presence }
}

pub(super) const fn switch(default: bool) -> Form {
    Form::Switch { default }
}
