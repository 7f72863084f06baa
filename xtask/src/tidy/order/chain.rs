//! Expressions that are hash maps, and what the steps behind them come to.

use super::names::{Names, Order, SharedNames};
use super::tokens::Tokens;

/// What going through a map comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Nothing that order decides.
    Indifferent,
    /// An iterator that has a name, and is judged where that is used.
    Named,
    InTheMapsOrder,
}

/// Steps that go through a map.
const GOES_THROUGH: [&str; 13] = [
    "difference",
    "drain",
    "extract_if",
    "intersection",
    "into_iter",
    "into_keys",
    "into_values",
    "iter",
    "iter_mut",
    "keys",
    "union",
    "values",
    "values_mut",
];
/// Steps of an iterator that go on with each by itself.
const GOES_ON: [&str; 9] =
    ["chain", "cloned", "copied", "filter", "filter_map", "flat_map", "flatten", "inspect", "map"];
/// Last steps that are the same in any order.
const INDIFFERENT: [&str; 7] = ["all", "any", "count", "len", "max", "min", "sum"];
/// Steps behind which it is the same map.
const SAME_MAP: [&str; 15] = [
    "as_mut",
    "as_ref",
    "await",
    "borrow",
    "borrow_mut",
    "clone",
    "expect",
    "get_or_insert_with",
    "into_inner",
    "lock",
    "read",
    "unwrap",
    "unwrap_or_default",
    "unwrap_or_else",
    "write",
];
/// Functions whose result is the map they are given.
const SAME_MAP_OF: [&str; 3] = ["lock", "replace", "take"];
/// Functions of a collection that make an empty one, or one of something that is at hand.
const MAKES: [&str; 5] = ["default", "from", "new", "with_capacity", "with_hasher"];

/// What a file's expressions are.
pub(super) struct Expressions<'a> {
    pub(super) names: Names<'a>,
    pub(super) shared: &'a SharedNames,
    pub(super) tokens: &'a Tokens<'a>,
}

impl Expressions<'_> {
    /// Learns what the `let` at this place binds, if one stands there.
    pub(super) fn bind(&mut self, place: usize) {
        let tokens = self.tokens;
        if tokens.at(place) != "let" {
            return;
        }
        let ends = |at: &usize| matches!(tokens.at(*at), "=" | ";");
        let Some(equals) = (place..tokens.0.len()).find(ends) else { return };
        let of_a_head = matches!(tokens.before(place, 1), "if" | "while" | "&");
        // The fields of what is taken apart keep their names.
        if (place..equals).any(|at| tokens.at(at) == "{") {
            for named in place + 1..equals {
                if let Some(order) = self.field(tokens.at(named)) {
                    self.names.local(tokens, (named, place), order, of_a_head);
                }
            }
            return;
        }
        let mut named = place + 1;
        while matches!(tokens.at(named), "mut" | "Some" | "Ok" | "(" | "&") {
            named += 1;
        }
        if let Some(order) = self.value(equals + 1).filter(|_| tokens.at(named + 1) != ":") {
            self.names.local(tokens, (named, place), order, of_a_head);
        } else {
            self.names.hides(tokens, named);
        }
    }

    fn field(&self, name: &str) -> Option<Order> {
        self.names.fields.get(name).or_else(|| self.shared.fields.get(name)).copied()
    }

    /// What the whole value that begins here is, if it is a collection or goes through one.
    fn value(&self, from: usize) -> Option<Order> {
        let tokens = self.tokens;
        let ends = |at: usize| matches!(tokens.at(at), ";" | "else" | "{" | "&" | "");
        if tokens.are(from + 1, &[":", ":"]) && MAKES.contains(&tokens.at(from + 3)) {
            return self.names.of_type(tokens, from);
        }
        for at in (from..).take_while(|at| *at == from || !matches!(tokens.at(*at), ";" | "{" | "")) {
            if tokens.are(at, &["collect", ":", ":", "<"]) && ends(tokens.behind_pair(at + 3) + 2) {
                return self.names.of_type(tokens, at + 4);
            }
            let Some((order, behind)) = self.collection(at) else { continue };
            let path = |at: usize| tokens.is_word(at) || matches!(tokens.at(at), "." | "(" | "&" | ":");
            if ends(behind) && (from..at).all(path) {
                return Some(order);
            }
            if order != Order::Sorted && self.outcome(at, order, behind) == Verdict::Named {
                return Some(Order::Iterator);
            }
        }
        None
    }

    /// The collection, or what goes through one, that is named at this place, and where what is done with it begins.
    pub(super) fn collection(&self, place: usize) -> Option<(Order, usize)> {
        let tokens = self.tokens;
        let (name, before, next) = (tokens.at(place), tokens.before(place, 1), tokens.at(place + 1));
        let bound = matches!(before, "let" | "fn" | "mut") && tokens.before(place, 2) != "&";
        let order = match before {
            _ if bound && before != "mut" || next == ":" => None,
            _ if next == "(" => self.function(place),
            "." if name == "0" && tokens.before(place, 2) == "self" => self.names.inner,
            "." => self.field(name),
            _ => self.names.of_local(name, place),
        }?;
        let mut behind = if next == "(" { tokens.behind_pair(place + 1) } else { place + 1 };
        loop {
            let given = tokens.opened_before(place).filter(|_| tokens.at(behind) == ")");
            behind = match tokens.at(behind) {
                "?" => behind + 1,
                "." if SAME_MAP.contains(&tokens.at(behind + 1)) => tokens.behind_pair(behind + 2),
                ")" if given.is_some_and(|it| SAME_MAP_OF.contains(&tokens.before(it, 1))) => behind + 1,
                _ => return Some((order, behind)),
            };
        }
    }

    /// What a function returns: one of this file, or of the file that stands before it.
    fn function(&self, place: usize) -> Option<Order> {
        let tokens = self.tokens;
        let name = tokens.at(place);
        if tokens.before(place, 1) == ":" {
            let file = (tokens.before(place, 3).to_owned(), name.to_owned());
            return self.shared.functions.get(&file).copied();
        }
        // A method of something else is another function.
        let own = tokens.before(place, 1) != "." || tokens.before(place, 2) == "self";
        self.names.functions.get(name).copied().filter(|_| own)
    }

    /// What is done with the map at this place comes to.
    pub(super) fn outcome(&self, place: usize, order: Order, behind: usize) -> Verdict {
        let tokens = self.tokens;
        let begins = GOES_THROUGH.contains(&tokens.at(behind + 1));
        match tokens.at(behind) {
            "." if begins || order == Order::Iterator => self.steps(place, behind),
            "{" if self.is_looped(place) => Verdict::InTheMapsOrder,
            ")" if matches!(self.receiver_of(behind), "extend" | "chain" | "zip") => {
                self.handed(place, behind)
            }
            _ => Verdict::Indifferent,
        }
    }

    /// What the steps from here on come to.
    fn steps(&self, place: usize, from: usize) -> Verdict {
        let tokens = self.tokens;
        let mut at = from;
        loop {
            let step = tokens.at(at + 1);
            match tokens.at(at) {
                "." if INDIFFERENT.contains(&step) => return Verdict::Indifferent,
                "." if step == "collect" => return self.collected(place, at + 1),
                "." if GOES_ON.contains(&step) || GOES_THROUGH.contains(&step) => {
                    at = tokens.behind_pair(self.behind_type(at + 2).unwrap_or(at + 2));
                }
                ")" => return self.handed(place, at),
                ";" if tokens.at(tokens.statement(place)) == "let" => return Verdict::Named,
                _ => return Verdict::InTheMapsOrder,
            }
        }
    }

    /// Behind `::<…>`, where that begins here.
    fn behind_type(&self, at: usize) -> Option<usize> {
        self.tokens.are(at, &[":", ":", "<"]).then(|| self.tokens.behind_pair(at + 2))
    }

    /// What is collected at this place: a set or map, or a list that is sorted at once.
    fn collected(&self, place: usize, collect: usize) -> Verdict {
        let tokens = self.tokens;
        let unordered = |at: usize| self.names.of_type(tokens, at).is_some();
        let mut behind = tokens.behind_pair(self.behind_type(collect + 1).unwrap_or(collect + 1));
        while matches!(tokens.at(behind), "?") {
            behind += 1;
        }
        let begin = tokens.statement(place);
        let named = begin + 1 + usize::from(tokens.at(begin + 1) == "mut");
        let bound = tokens.at(begin) == "let" && tokens.at(behind) == ";";
        let sorted =
            tokens.are(behind + 1, &[tokens.at(named), "."]) && tokens.at(behind + 3).starts_with("sort");
        let indifferent = self.behind_type(collect + 1).is_some_and(|_| unordered(collect + 4))
            || bound && (sorted || tokens.at(named + 1) == ":" && unordered(named + 2))
            || tokens.at(behind) == "}" && self.names.returned(place).is_some();
        if indifferent { Verdict::Indifferent } else { Verdict::InTheMapsOrder }
    }

    /// The function whose parentheses close here.
    fn receiver_of(&self, close: usize) -> &str {
        let open = self.tokens.opened_before(close).filter(|open| self.tokens.at(*open) == "(");
        open.map_or("", |open| self.tokens.before(open, 1))
    }

    /// What becomes of an iterator, or a map, that is handed to the function whose parentheses close here.
    fn handed(&self, place: usize, close: usize) -> Verdict {
        let tokens = self.tokens;
        let open = tokens.opened_before(close).unwrap_or_default();
        match self.receiver_of(close) {
            "chain" | "flat_map" => self.steps(place, close + 1),
            "extend" => {
                let at = open.saturating_sub(3);
                let whole = self.collection(at).is_some_and(|(_, behind)| behind == at + 1);
                let possible =
                    tokens.before(at, 1) == "." && self.shared.possible_fields.contains_key(tokens.at(at));
                if whole || possible { Verdict::Indifferent } else { Verdict::InTheMapsOrder }
            }
            _ => Verdict::InTheMapsOrder,
        }
    }

    fn is_looped(&self, place: usize) -> bool {
        let tokens = self.tokens;
        let begin = tokens.statement(place);
        tokens.at(begin) == "for" && (begin..place).any(|at| tokens.at(at) == "in")
    }
}
