//! Reads JSONPath from left to right, in one pass and without going back by more than a space.

use super::{Comparable, Comparison, Expr, Query, Segment, Selector};
use crate::{
    Invalid,
    json_document::{Number, unescape},
};

/// Filters, parentheses and functions within each other.
const NESTING_MAX: usize = 16;

/// Whole numbers that each JSON reader understands (RFC 7493, section 2.2).
const WHOLE_MAX: i64 = (1 << 53) - 1;

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Reads a whole query, from the root.
    pub(super) fn read(text: &'a str) -> Result<Query, Invalid> {
        let mut parser = Self { text, at: 0, depth: 0 };
        if !text.starts_with('$') {
            return Err(parser.fault("$ is expected"));
        }
        let query = parser.query()?;
        if parser.rest().is_empty() { Ok(query) } else { Err(parser.fault("a segment, or the end, is expected")) }
    }

    fn fault(&self, what: &str) -> Invalid {
        Invalid::new(format!("must be a JSONPath (RFC 9535) such as $.status: {what} at byte {}", self.at))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), Invalid> {
        if self.eat(token) { Ok(()) } else { Err(self.fault(&format!("{token} is expected"))) }
    }

    /// All that follows and is of this kind.
    fn eat_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let found = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += found.len();
        found
    }

    fn space(&mut self) {
        self.eat_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    /// What is within something else.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Invalid>) -> Result<T, Invalid> {
        if self.depth == NESTING_MAX {
            return Err(self.fault(&format!("more than {NESTING_MAX} filters, parentheses or functions in each other")));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn query(&mut self) -> Result<Query, Invalid> {
        let from_root = self.eat("$");
        if !from_root && !self.eat("@") {
            return Err(self.fault("$ is expected"));
        }
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.space();
            if !self.rest().starts_with(['.', '[']) {
                // The space is what follows the query.
                self.at = before;
                return Ok(Query { from_root, segments });
            }
            segments.push(self.segment()?);
        }
    }

    fn segment(&mut self) -> Result<Segment, Invalid> {
        let descendant = self.eat("..");
        let selectors = if !descendant && self.eat(".") || !self.rest().starts_with('[') {
            vec![if self.eat("*") { Selector::All } else { Selector::Name(self.member_name()?) }]
        } else {
            self.expect("[")?;
            let selectors = self.list(Self::selector)?;
            self.expect("]")?;
            selectors
        };
        Ok(Segment { descendant, selectors })
    }

    /// One or more, with commas between.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
        let mut all = Vec::new();
        loop {
            self.space();
            all.push(one(self)?);
            self.space();
            if !self.eat(",") {
                return Ok(all);
            }
        }
    }

    fn member_name(&mut self) -> Result<String, Invalid> {
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        if !self.rest().starts_with(is_first) {
            return Err(self.fault("a name is expected"));
        }
        Ok(self.eat_while(|c| is_first(c) || c.is_ascii_digit()).to_owned())
    }

    fn selector(&mut self) -> Result<Selector, Invalid> {
        match self.rest().chars().next() {
            Some('\'' | '"') => Ok(Selector::Name(self.quoted()?)),
            Some('*') => self.expect("*").map(|()| Selector::All),
            Some('?') => {
                self.expect("?")?;
                self.within(Self::any).map(Selector::Filter)
            }
            _ => self.index_or_slice(),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, Invalid> {
        let start = self.whole()?;
        let behind_start = self.at;
        self.space();
        if !self.eat(":") {
            self.at = behind_start;
            return start.map(Selector::Index).ok_or_else(|| self.fault("a selector is expected"));
        }
        self.space();
        let end = self.whole()?;
        let behind_end = self.at;
        self.space();
        if !self.eat(":") {
            self.at = behind_end;
            return Ok(Selector::Slice { start, end, step: 1 });
        }
        self.space();
        Ok(Selector::Slice { start, end, step: self.whole()?.unwrap_or(1) })
    }

    fn whole(&mut self) -> Result<Option<i64>, Invalid> {
        let before = self.at;
        let sign = self.eat("-");
        let digits = self.eat_while(|c| c.is_ascii_digit());
        if digits.is_empty() && !sign {
            return Ok(None);
        }
        let plain = digits == "0" && !sign || !digits.starts_with('0');
        let whole: Option<i64> = self.text.get(before..self.at).and_then(|text| text.parse().ok());
        match whole.filter(|whole| plain && whole.abs() <= WHOLE_MAX) {
            Some(whole) => Ok(Some(whole)),
            None => Err(Parser { at: before, ..*self }.fault("a whole number of at most 2^53 - 1 is expected")),
        }
    }

    /// A text in quotation marks of either kind.
    fn quoted(&mut self) -> Result<String, Invalid> {
        let quote = if self.eat("'") { '\'' } else { '"' };
        self.at += usize::from(quote == '"');
        let start = self.at;
        loop {
            match self.rest().chars().next() {
                Some(c) if c == quote => break,
                Some('\\') => self.escape(quote)?,
                Some(c) if c >= ' ' => self.at += c.len_utf8(),
                _ => return Err(self.fault("a text does not end, or has a control character")),
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(unescape(raw))
    }

    fn escape(&mut self, quote: char) -> Result<(), Invalid> {
        let unit = |rest: &str| {
            let digits = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4));
            digits
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        };
        let rest = self.rest();
        self.at += match rest.get(1..).and_then(|rest| rest.chars().next()) {
            Some('b' | 'f' | 'n' | 'r' | 't' | '/' | '\\') => 2,
            Some(c) if c == quote => 2,
            Some('u') => match (unit(rest), rest.get(6..).and_then(unit)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(0..=0xd7ff | 0xe000..), _) => 6,
                _ => return Err(self.fault("four hexadecimal digits of a character are expected")),
            },
            _ => return Err(self.fault("no such escape")),
        };
        Ok(())
    }

    fn any(&mut self) -> Result<Expr, Invalid> {
        self.joined("||", |parser| parser.joined("&&", Self::basic, Expr::All), Expr::Any)
    }

    /// Expressions with an operator between, or the only one itself.
    fn joined(
        &mut self,
        operator: &str,
        one: impl Fn(&mut Self) -> Result<Expr, Invalid>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, Invalid> {
        let mut all = Vec::new();
        loop {
            self.space();
            let expr = one(self)?;
            let before = self.at;
            self.space();
            if !self.eat(operator) {
                self.at = before;
                if all.is_empty() {
                    return Ok(expr);
                }
                all.push(expr);
                return Ok(join(all));
            }
            all.push(expr);
        }
    }

    fn basic(&mut self) -> Result<Expr, Invalid> {
        if self.eat("!") {
            self.space();
            let negated = match self.rest().chars().next() {
                Some('(') => self.parentheses()?,
                Some('@' | '$') => Expr::Exists(self.query()?),
                // The function's own fault, where it is one.
                _ => self.word().and_then(|_| Err(self.fault("a path or parentheses are expected")))?,
            };
            return Ok(Expr::Not(Box::new(negated)));
        }
        if self.rest().starts_with('(') {
            return self.parentheses();
        }
        let start = self.at;
        if !self.rest().starts_with(['@', '$']) {
            let left = self.comparable()?;
            return self.comparison(left);
        }
        let query = self.query()?;
        let behind = self.at;
        self.space();
        if self.rest().starts_with(['=', '!', '<', '>']) {
            let left = self.singular(query, start)?;
            self.at = behind;
            return self.comparison(left);
        }
        self.at = behind;
        Ok(Expr::Exists(query))
    }

    fn parentheses(&mut self) -> Result<Expr, Invalid> {
        self.expect("(")?;
        let expr = self.within(Self::any)?;
        self.space();
        self.expect(")").map(|()| expr)
    }

    fn singular(&self, query: Query, start: usize) -> Result<Comparable, Invalid> {
        if query.is_singular() {
            return Ok(Comparable::Singular(query));
        }
        Err(Parser { at: start, ..*self }.fault("what is compared must be a path that can select one node at most"))
    }

    fn comparison(&mut self, left: Comparable) -> Result<Expr, Invalid> {
        const SPELLINGS: [(&str, Comparison); 6] = [
            ("==", Comparison::Eq),
            ("!=", Comparison::Ne),
            ("<=", Comparison::Lte),
            (">=", Comparison::Gte),
            ("<", Comparison::Lt),
            (">", Comparison::Gt),
        ];
        self.space();
        let Some((_, comparison)) = SPELLINGS.into_iter().find(|(spelling, _)| self.eat(spelling)) else {
            return Err(self.fault("a comparison is expected"));
        };
        self.space();
        Ok(Expr::Compare(left, comparison, self.comparable()?))
    }

    fn comparable(&mut self) -> Result<Comparable, Invalid> {
        let start = self.at;
        match self.rest().chars().next() {
            Some('@' | '$') => {
                let query = self.query()?;
                self.singular(query, start)
            }
            Some('\'' | '"') => self.quoted().map(Comparable::Text),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn number(&mut self) -> Result<Comparable, Invalid> {
        let start = self.at;
        self.eat("-");
        let whole = self.eat_while(|c| c.is_ascii_digit());
        let mut is_number = whole == "0" || !whole.is_empty() && !whole.starts_with('0');
        // `-0` is a number in a comparison, though not an index.
        if self.eat(".") {
            is_number &= !self.eat_while(|c| c.is_ascii_digit()).is_empty();
        }
        if self.eat("e") || self.eat("E") {
            let _sign = self.eat("-") || self.eat("+");
            is_number &= !self.eat_while(|c| c.is_ascii_digit()).is_empty();
        }
        match self.text.get(start..self.at) {
            Some(number) if is_number => Ok(Comparable::Number(Number::read(number.to_owned()))),
            _ => Err(Parser { at: start, ..*self }.fault("a number is expected")),
        }
    }

    /// A function or one of the three words.
    fn word(&mut self) -> Result<Comparable, Invalid> {
        let start = self.at;
        let word = self.eat_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let is_function = self.eat("(");
        match (word, is_function) {
            ("null", false) => return Ok(Comparable::Null),
            ("true", false) => return Ok(Comparable::Bool(true)),
            ("false", false) => return Ok(Comparable::Bool(false)),
            ("match" | "search", true) => {
                // The pattern may be the target's own.
                return Err(Invalid::new("must not use match or search; compare whole values, or look for a keyword"));
            }
            ("length" | "count" | "value", true) => {}
            _ => {
                let expected = "a value, a path, or one of the functions length, count and value is expected";
                return Err(Parser { at: start, ..*self }.fault(expected));
            }
        }
        self.space();
        let function = self.within(|parser| match word {
            "length" => parser.comparable().map(|of| Comparable::Length(Box::new(of))),
            "count" => parser.query().map(Comparable::Count),
            _ => parser.query().map(Comparable::Value),
        })?;
        self.space();
        self.expect(")").map(|()| function)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::JsonPath, *};

    fn read(path: &str) -> Result<JsonPath, Invalid> {
        JsonPath::try_from(path.to_owned())
    }

    #[test]
    fn patterns_are_refused_where_they_are_functions() {
        for path in ["$..[?match(@.a, @.b)]", "$[?search(@, 'x')]", "$[?!match(@.a,'(')]"] {
            let fault = read(path).expect_err(path);
            assert!(fault.0.contains("match"), "{path}: {fault}");
        }
        for path in ["$.match", "$['search(']", "$[?length(@.match) > 1]"] {
            assert!(read(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn faults_have_their_place() {
        for (path, fault) in [
            ("status", "$ is expected at byte 0"),
            ("@.a", "$ is expected at byte 0"),
            ("$.a ", "a segment, or the end, is expected at byte 3"),
            ("$.1", "a name is expected at byte 2"),
            ("$[01]", "a whole number of at most 2^53 - 1 is expected at byte 2"),
            ("$['\\x']", "no such escape at byte 3"),
            ("$[?@.* == 1]", "what is compared must be a path that can select one node at most at byte 3"),
            ("$[?é]", "a value, a path, or one of the functions length, count and value is expected at byte 3"),
        ] {
            let said = read(path).expect_err(path).0;
            assert_eq!(said, format!("must be a JSONPath (RFC 9535) such as $.status: {fault}"), "{path}");
        }
    }

    #[test]
    fn nesting_and_length_are_bounded() {
        let nested = |open: &str, close: &str, depth: usize| {
            read(&format!("$[?{}@.a{}]", open.repeat(depth - 1), close.repeat(depth - 1)))
        };
        for (open, close) in [("(", ")"), ("!(", ")"), ("@[?", "]")] {
            assert!(nested(open, close, NESTING_MAX).is_ok(), "{open}");
            assert!(nested(open, close, NESTING_MAX + 1).is_err(), "{open}");
            assert!(nested(open, "", 60).is_err(), "{open}");
        }
        assert!(read(&format!("$.{}", "a".repeat(198))).is_ok());
        assert!(read(&format!("$.{}", "a".repeat(199))).is_err());
    }

    #[test]
    fn a_path_is_stored_as_it_was_written() {
        let path = read("$[ 'a' ].b").expect("a path");
        let stored = serde_json::to_string(&path).expect("JSON");
        assert_eq!(stored, "\"$[ 'a' ].b\"");
        assert_eq!(serde_json::from_str::<JsonPath>(&stored).ok(), Some(path));
        assert!(serde_json::from_str::<JsonPath>("\"a\"").is_err());
    }
}
