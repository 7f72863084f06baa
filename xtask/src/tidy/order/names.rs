//! Which names of a file stand for maps and sets, and for which order.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::Tokens;

/// How a collection orders what is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// By nothing anybody decides.
    Hashed,
    /// By its keys.
    Sorted,
    /// An iterator over what is ordered by nothing.
    Iterator,
}

const HASHED: [&str; 2] = ["HashMap", "HashSet"];
const SORTED: [&str; 2] = ["BTreeMap", "BTreeSet"];
/// What a map may be wrapped in, and is the same map.
const WRAPPERS: [&str; 12] = [
    "Arc",
    "Box",
    "MappedMutexGuard",
    "Mutex",
    "MutexGuard",
    "Option",
    "Rc",
    "RefCell",
    "Result",
    "RwLock",
    "RwLockReadGuard",
    "RwLockWriteGuard",
];

/// Names that other files may use as well: fields, and functions by the file they are in.
#[derive(Default, Debug)]
pub(super) struct SharedNames {
    pub(super) fields: BTreeMap<String, Order>,
    /// With those that are something else in another file.
    pub(super) possible_fields: BTreeMap<String, Order>,
    pub(super) functions: BTreeMap<(String, String), Order>,
}

/// A name within a function, and where it means that.
struct Local<'a> {
    name: &'a str,
    order: Order,
    from: usize,
    until: usize,
}

/// What is known of a file's names.
pub(super) struct Names<'a> {
    aliases: BTreeMap<&'a str, Order>,
    pub(super) fields: BTreeMap<&'a str, Order>,
    /// Fields that are something else.
    pub(super) other_fields: BTreeSet<&'a str>,
    /// The first field of a struct without names.
    pub(super) inner: Option<Order>,
    pub(super) functions: BTreeMap<&'a str, Order>,
    /// Functions by where they begin and end, with what they return.
    bodies: Vec<(usize, usize, Option<Order>)>,
    locals: Vec<Local<'a>>,
}

impl<'a> Names<'a> {
    /// Everything that is declared with its type.
    pub(super) fn declared(tokens: &Tokens<'a>) -> Self {
        let mut names = Self {
            aliases: BTreeMap::new(),
            fields: BTreeMap::new(),
            other_fields: BTreeSet::new(),
            inner: None,
            functions: BTreeMap::new(),
            bodies: Vec::new(),
            locals: Vec::new(),
        };
        names.alias(tokens);
        let mut of_structs = BTreeSet::new();
        for place in 0..tokens.0.len() {
            match tokens.at(place) {
                "struct" => names.structure(tokens, place, &mut of_structs),
                "fn" => names.function(tokens, place),
                ":" => names.annotated(tokens, place, &of_structs),
                _ => {}
            }
        }
        names
    }

    fn alias(&mut self, tokens: &Tokens<'a>) {
        for place in (0..tokens.0.len()).filter(|place| tokens.at(*place) == "type") {
            let mut equals = place + 2;
            if tokens.at(equals) == "<" {
                equals = tokens.behind_pair(equals);
            }
            if tokens.at(equals) == "="
                && let Some(order) = self.of_type(tokens, equals + 1)
            {
                self.aliases.insert(tokens.at(place + 1), order);
            }
        }
    }

    /// The order of the type that begins here.
    pub(super) fn of_type(&self, tokens: &Tokens<'a>, mut place: usize) -> Option<Order> {
        loop {
            let text = tokens.at(place);
            place = match text {
                "&" | "mut" | "dyn" => place + 1,
                "'" if tokens.at(place + 2) == "," => place + 3,
                "'" => place + 2,
                _ if tokens.are(place + 1, &[":", ":"])
                    && !HASHED.contains(&text)
                    && !SORTED.contains(&text) =>
                {
                    place + 3
                }
                _ if WRAPPERS.contains(&text) && tokens.at(place + 1) == "<" => place + 2,
                _ if HASHED.contains(&text) => return Some(Order::Hashed),
                _ if SORTED.contains(&text) => return Some(Order::Sorted),
                _ => return self.aliases.get(text).copied(),
            };
        }
    }

    fn structure(&mut self, tokens: &Tokens<'a>, place: usize, of_structs: &mut BTreeSet<usize>) {
        let mut open = place + 2;
        if tokens.at(open) == "<" {
            open = tokens.behind_pair(open);
        }
        let mut first = open + 1;
        if tokens.at(first) == "pub" {
            first += 1;
            first = tokens.behind_pair(first);
        }
        match tokens.at(open) {
            "(" => self.inner = self.of_type(tokens, first).or(self.inner),
            "{" => of_structs.extend(open..tokens.behind_pair(open)),
            _ => {}
        }
    }

    fn function(&mut self, tokens: &Tokens<'a>, place: usize) {
        let mut open = place + 2;
        if tokens.at(open) == "<" {
            open = tokens.behind_pair(open);
        }
        let behind = tokens.behind_pair(open);
        let returns = tokens.are(behind, &["-", ">"]).then(|| self.of_type(tokens, behind + 2)).flatten();
        if let Some(order) = returns {
            self.functions.insert(tokens.at(place + 1), order);
        }
        self.bodies.push((place, tokens.scope(place, true), returns));
    }

    /// A name, a colon and a type: a field, or what a function has for itself.
    fn annotated(&mut self, tokens: &Tokens<'a>, place: usize, of_structs: &BTreeSet<usize>) {
        let Some(named) = place.checked_sub(1).filter(|named| tokens.is_word(*named)) else { return };
        if tokens.at(place + 1) == ":" || tokens.before(place, 1) == ":" {
            return;
        }
        let (name, order) = (tokens.at(named), self.of_type(tokens, place + 1));
        if of_structs.contains(&place) {
            match order {
                Some(order) => drop(self.fields.insert(name, order)),
                None => drop(self.other_fields.insert(name)),
            }
            return;
        }
        let Some(order) = order else { return };
        let in_let = matches!(tokens.before(named, 1), "let" | "mut");
        // A value begins with the type's name as well.
        let value =
            (place..).take_while(|next| !matches!(tokens.at(*next), "," | ")" | "=" | ";" | "<" | ""));
        if in_let || !value.into_iter().any(|next| tokens.are(next, &[":", ":", "new"])) {
            self.local(tokens, (named, named), order, !in_let);
        }
    }

    /// From here on a name stands for such a collection, until what it is declared by ends.
    pub(super) fn local(
        &mut self,
        tokens: &Tokens<'a>,
        (named, by): (usize, usize),
        order: Order,
        of_a_head: bool,
    ) {
        let until = tokens.scope(by, of_a_head);
        self.locals.push(Local { name: tokens.at(named), order, from: named, until });
    }

    /// From here on a name stands for something else.
    pub(super) fn hides(&mut self, tokens: &Tokens<'a>, named: usize) {
        let name = tokens.at(named);
        for local in self.locals.iter_mut().filter(|it| it.name == name && it.from < named) {
            local.until = local.until.min(named);
        }
    }

    pub(super) fn of_local(&self, name: &str, place: usize) -> Option<Order> {
        let mut known = self.locals.iter().rev();
        known.find(|it| it.name == name && it.from < place && place < it.until).map(|it| it.order)
    }

    /// What the function around this place returns.
    pub(super) fn returned(&self, place: usize) -> Option<Order> {
        let around = self.bodies.iter().filter(|(from, until, _)| (*from..*until).contains(&place));
        around.max_by_key(|(from, ..)| *from).and_then(|(.., order)| *order)
    }
}
