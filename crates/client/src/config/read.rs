//! One table of the configuration, its members taken out by name, so that what is left over is unknown.

use std::cell::RefCell;
use std::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::problem::Problem;

/// A whole number with its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The member.
    pub name: &'static str,
    /// What it is when it is absent.
    pub default: u64,
    /// The least it may be.
    pub least: u64,
    /// The most it may be.
    pub most: u64,
}

/// Wipes the texts in a value.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// A table being read. Problems of all tables are collected in one list.
pub struct Table<'a> {
    name: &'static str,
    members: RefCell<Map<String, Value>>,
    known: RefCell<Vec<&'static str>>,
    problems: &'a RefCell<Vec<Problem>>,
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Table<'_> {
    /// A key may stand under a name that nobody knows.
    fn drop(&mut self) {
        self.members.get_mut().values_mut().for_each(wipe);
    }
}

impl<'a> Table<'a> {
    /// The table of this name, which is empty for the outermost.
    pub(super) fn new(name: &'static str, value: Value, problems: &'a RefCell<Vec<Problem>>) -> Self {
        let members = match value {
            Value::Object(members) => members,
            Value::Null => Map::new(),
            _ => {
                let message = "应为一组设置".to_owned();
                problems.borrow_mut().push(Problem { member: name.to_owned(), message });
                Map::new()
            }
        };
        Self { name, members: RefCell::new(members), known: RefCell::default(), problems }
    }

    /// Notes what is wrong with a member, in Chinese.
    pub fn problem(&self, member: &str, message: impl Into<String>) {
        let member = if self.name.is_empty() { member.to_owned() } else { format!("{}.{member}", self.name) };
        self.problems.borrow_mut().push(Problem { member, message: message.into() });
    }

    /// Takes a member out; nothing when it is absent or null.
    pub fn take(&self, member: &'static str) -> Option<Value> {
        self.known.borrow_mut().push(member);
        self.members.borrow_mut().remove(member).filter(|value| !value.is_null())
    }

    /// Whether a member is there.
    pub fn has(&self, member: &str) -> bool {
        self.members.borrow().get(member).is_some_and(|value| !value.is_null())
    }

    /// A text; nothing when it is absent.
    pub fn optional_text(&self, member: &'static str) -> Option<Zeroizing<String>> {
        if let Value::String(text) = self.take(member)? {
            return Some(Zeroizing::new(text));
        }
        self.problem(member, "应为字符串");
        None
    }

    /// A text of at most so many characters, without the blanks around it; `default` when it is absent.
    pub fn text(&self, member: &'static str, default: &str, most: usize) -> String {
        let text =
            self.optional_text(member).map_or_else(|| default.to_owned(), |text| text.trim().to_owned());
        if text.chars().count() > most {
            self.problem(member, format!("超过 {most} 个字符"));
        }
        text
    }

    /// A list of texts, empty when it is absent; nothing when it is none.
    pub fn texts(&self, member: &'static str) -> Option<Vec<String>> {
        match self.take(member) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => {
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Some(_) => None,
        }
    }

    /// A required text, read by a constructor whose error is shown.
    pub fn parsed<T, E: fmt::Display>(
        &self,
        member: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.has(member) {
            self.take(member);
            self.problem(member, "缺失");
            return None;
        }
        let text = self.optional_text(member)?;
        parse(text.trim()).map_err(|error| self.problem(member, error.to_string())).ok()
    }

    /// A switch.
    pub fn flag(&self, member: &'static str, default: bool) -> bool {
        match self.take(member) {
            None => default,
            Some(Value::Bool(value)) => value,
            Some(_) => {
                self.problem(member, "应为 true 或 false");
                default
            }
        }
    }

    /// A whole number within its bounds.
    pub fn number(&self, number: Number) -> u64 {
        let Number { name, default, least, most } = number;
        match self.take(name).map(|value| value.as_u64()) {
            None => default,
            Some(Some(value)) if (least..=most).contains(&value) => value,
            Some(_) => {
                self.problem(name, format!("应为 {least} 至 {most} 的整数"));
                default
            }
        }
    }

    /// One of a few words, the first of which is the default.
    pub fn word<T: Copy>(&self, member: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.optional_text(member) else { return default };
        let found = words.iter().find(|(word, _)| *word == text.as_str());
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.problem(member, format!("取值应为 {} 之一", all.join("、")));
        }
        found.map_or(default, |(_, value)| *value)
    }

    /// Ends the reading: whatever nobody asked for is unknown.
    pub(super) fn finish(self) {
        let known = self.known.borrow().join("、");
        let left: Vec<String> = self.members.borrow().keys().cloned().collect();
        for name in left {
            self.problem(&name, format!("不认识此设置；此处可用：{known}"));
        }
    }
}
