//! Code as words and marks, with the line of each and its depth in braces.

/// A word, or one mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// From 0.
    pub(super) line: usize,
    /// Braces that are open before it.
    pub(super) depth: usize,
}

/// The tokens of code in which nothing is quoted and nothing commented.
pub(super) struct Tokens<'a>(pub(super) Vec<Token<'a>>);

impl<'a> Tokens<'a> {
    pub(super) fn of(code: &'a str) -> Self {
        let mut out = Vec::new();
        let mut depth: usize = 0;
        for (line, text) in code.lines().enumerate() {
            let mut rest = text.trim_start();
            while let Some(first) = rest.chars().next() {
                let of_word = |c: char| c.is_alphanumeric() || c == '_';
                let end = if of_word(first) {
                    rest.find(|c| !of_word(c)).unwrap_or(rest.len())
                } else {
                    first.len_utf8()
                };
                let (token, behind) = rest.split_at(end);
                depth = depth.saturating_sub(usize::from(token == "}"));
                out.push(Token { text: token, line, depth });
                depth += usize::from(token == "{");
                rest = behind.trim_start();
            }
        }
        Self(out)
    }

    /// The text at a place; nothing past the end.
    pub(super) fn at(&self, place: usize) -> &'a str {
        self.0.get(place).map_or("", |token| token.text)
    }

    /// So many before a place; nothing before the first.
    pub(super) fn before(&self, place: usize, count: usize) -> &'a str {
        place.checked_sub(count).map_or("", |place| self.at(place))
    }

    /// Whether these stand here.
    pub(super) fn are(&self, place: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(more, text)| self.at(place + more) == *text)
    }

    pub(super) fn is_word(&self, place: usize) -> bool {
        self.at(place).starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }

    /// Behind the mark that closes the one at this place; `<` and `>` are a pair only where a type stands.
    pub(super) fn behind_pair(&self, place: usize) -> usize {
        let (open, close) = match self.at(place) {
            "(" => ("(", ")"),
            "[" => ("[", "]"),
            "<" => ("<", ">"),
            "{" => ("{", "}"),
            _ => return place,
        };
        let mut depth = 0;
        for next in place..self.0.len() {
            let text = self.at(next);
            // An arrow closes nothing.
            let arrow = text == ">" && self.before(next, 1) == "-";
            if text == open {
                depth += 1;
            } else if text == close && !arrow {
                depth -= 1;
            }
            if depth == 0 {
                return next + 1;
            }
        }
        self.0.len()
    }

    /// The opening mark of the parentheses or braces around this place, if they open within its statement.
    pub(super) fn opened_before(&self, place: usize) -> Option<usize> {
        let mut closed: usize = 0;
        for back in (0..place).rev() {
            match self.at(back) {
                ")" | "]" | "}" => closed += 1,
                "(" | "[" | "{" if closed == 0 => return Some(back),
                "(" | "[" | "{" => closed -= 1,
                ";" if closed == 0 => return None,
                _ => {}
            }
        }
        None
    }

    /// Where the statement around this place begins.
    pub(super) fn statement(&self, place: usize) -> usize {
        let mut closed: usize = 0;
        for back in (0..place).rev() {
            match self.at(back) {
                ")" | "]" | "}" if closed > 0 || self.at(back) != "}" => closed += 1,
                "(" | "[" | "{" if closed > 0 => closed -= 1,
                ";" | "{" | "}" if closed == 0 => return back + 1,
                _ => {}
            }
        }
        0
    }

    /// Where what is declared here ends: with its block, or with the block that follows when it is of a head.
    pub(super) fn scope(&self, place: usize, of_a_head: bool) -> usize {
        let depth = self.0.get(place).map_or(0, |token| token.depth);
        let mut entered = false;
        for next in place + 1..self.0.len() {
            let Some(token) = self.0.get(next) else { break };
            entered |= token.depth > depth;
            let over = if of_a_head {
                token.depth == depth && (entered || token.text == ";")
            } else {
                token.depth < depth
            };
            if over {
                return next;
            }
        }
        self.0.len()
    }
}
