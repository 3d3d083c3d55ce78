//! Tokens to an expression, by recursive descent, bounded in size and depth.

use serde_json::Value;

use super::lex::{Kind, Lexer, Token};
use super::table::{self, Takes};
use super::{Comparison, Expr, Path, Pattern, Pick, Pipe};
use crate::mapping::fault::did_you_mean;

/// What is wrong with an expression, and where within its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// First byte.
    pub offset: usize,
    /// How many bytes.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(offset: usize, length: usize, message: impl Into<String>) -> Self {
        Self { offset, length, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Longer expressions are programs, and programs have no place in a mapping.
const LONGEST: usize = 4000;
const DEEPEST: usize = 40;
const MOST_PARTS: usize = 500;

/// Compiles a text that is one expression.
pub fn parse(text: &str) -> Result<Expr, Mistake> {
    let (expr, token) = start(text, 0)?;
    if token.kind == Kind::End {
        return Ok(expr);
    }
    Err(Mistake::new(token.start, token.end - token.start, "the expression should end here")
        .hint("join conditions with `and` or `or`, apply functions with `|`"))
}

/// Compiles the expression of a hole that opens at `at`; answers where the text
/// goes on behind the closing brace.
pub fn parse_hole(text: &str, at: usize) -> Result<(Expr, usize), Mistake> {
    let (expr, token) = start(text, at)?;
    match token.kind {
        Kind::Sign("}") => Ok((expr, token.end)),
        Kind::End => Err(Mistake::new(at.saturating_sub(1), 1, "this hole has no end")
            .hint("close it with `}`; a brace that is meant as text is written `{{`")),
        Kind::Name(_) | Kind::Text(_) | Kind::Number(_) | Kind::Sign(_) => {
            Err(Mistake::new(token.start, token.end - token.start, "the hole should end here")
                .hint("close it with `}`"))
        }
    }
}

fn start(text: &str, at: usize) -> Result<(Expr, Token), Mistake> {
    if text.len() > LONGEST {
        return Err(Mistake::new(at, 1, format!("an expression is at most {LONGEST} bytes long")));
    }
    let mut lexer = Lexer::new(text, at);
    let token = lexer.next()?;
    let mut parser = Parser { lexer, token, depth: 0, parts: 0 };
    let expr = parser.choice()?;
    Ok((expr, parser.token))
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    depth: usize,
    parts: usize,
}

type Parsed = Result<Expr, Mistake>;

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token, Mistake> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(&self.token.kind, Kind::Sign(found) if *found == sign)
    }

    fn accept(&mut self, sign: &str) -> Result<bool, Mistake> {
        let found = self.is(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn word(&mut self, word: &str) -> Result<bool, Mistake> {
        let found = matches!(&self.token.kind, Kind::Name(name) if name == word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Mistake> {
        if self.accept(sign)? { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> Mistake {
        let length = (self.token.end - self.token.start).max(1);
        Mistake::new(self.token.start, length, format!("expected {wanted} here"))
    }

    fn enter(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        self.parts += 1;
        if self.depth > DEEPEST || self.parts > MOST_PARTS {
            return Err(Mistake::new(self.token.start, 1, "this expression is too involved")
                .hint("split it: a step can `keep` a value under a name of its own"));
        }
        Ok(())
    }

    fn choice(&mut self) -> Parsed {
        self.enter()?;
        let condition = self.fallback()?;
        let expr = if self.accept("?")? {
            let yes = self.choice()?;
            self.expect(":")?;
            Expr::Choice(Box::new(condition), Box::new(yes), Box::new(self.choice()?))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn fallback(&mut self) -> Parsed {
        let mut left = self.either()?;
        while self.accept("??")? {
            self.parts += 1;
            left = Expr::Else(Box::new(left), Box::new(self.either()?));
        }
        Ok(left)
    }

    fn either(&mut self) -> Parsed {
        let mut left = self.both()?;
        while self.word("or")? {
            self.parts += 1;
            left = Expr::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Parsed {
        let mut left = self.negated()?;
        while self.word("and")? {
            self.parts += 1;
            left = Expr::And(Box::new(left), Box::new(self.negated()?));
        }
        Ok(left)
    }

    fn negated(&mut self) -> Parsed {
        if !self.word("not")? {
            return self.comparison();
        }
        self.enter()?;
        let inner = self.negated()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.piped()?;
        let Some(comparison) = self.comparing()? else { return Ok(left) };
        let right = self.piped()?;
        Ok(Expr::Compare(comparison, Box::new(left), Box::new(right)))
    }

    fn comparing(&mut self) -> Result<Option<Comparison>, Mistake> {
        if self.word("in")? {
            return Ok(Some(Comparison::In));
        }
        let known = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        for (sign, comparison) in known {
            if self.accept(sign)? {
                return Ok(Some(comparison));
            }
        }
        if self.is("=") {
            return Err(self.unexpected("a comparison").hint("equality is written `==`"));
        }
        Ok(None)
    }

    fn piped(&mut self) -> Parsed {
        let mut left = self.primary()?;
        while self.accept("|")? {
            self.parts += 1;
            left = self.pipe(left)?;
        }
        Ok(left)
    }

    fn pipe(&mut self, input: Expr) -> Parsed {
        let token = self.advance()?;
        let Kind::Name(name) = token.kind else {
            return Err(Mistake::new(token.start, 1, "expected the name of a function behind `|`"));
        };
        let at = (token.start, name.len());
        let Some(function) = table::find(&name) else {
            let mut mistake = Mistake::new(at.0, at.1, format!("there is no function `{name}`"));
            mistake.hint = did_you_mean(&name, table::FUNCTIONS.iter().map(|known| known.name));
            return Err(mistake);
        };
        let arguments = if self.accept("(")? { self.items(")")? } else { Vec::new() };
        let (least, most) = function.arguments;
        if arguments.len() < least || arguments.len() > most {
            let message = format!("`{name}` takes {}, not {}", function.count(), arguments.len());
            let about = format!("`{name}`: {}", function.about);
            return Err(Mistake::new(at.0, at.1, message).hint(about));
        }
        let pattern = match function.takes {
            Takes::Pattern(_) => Some(pattern(arguments.first(), at)?),
            Takes::Value(_) | Takes::Anything(_) | Takes::Each(_) => None,
        };
        Ok(Expr::Pipe(Box::new(Pipe { input, function, arguments, pattern })))
    }

    fn items(&mut self, end: &'static str) -> Result<Vec<Expr>, Mistake> {
        let mut items = Vec::new();
        while !self.accept(end)? {
            items.push(self.choice()?);
            if !self.is(end) {
                self.expect(",")?;
            }
        }
        Ok(items)
    }

    fn primary(&mut self) -> Parsed {
        let token = self.token.clone();
        match token.kind {
            Kind::Text(text) => self.plain(Value::String(text)),
            Kind::Number(number) => self.plain(Value::Number(number)),
            Kind::Name(name) => self.named(&name, token.start),
            Kind::Sign("-") => self.negative(),
            Kind::Sign("(") => {
                self.advance()?;
                let inner = self.choice()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Sign("[") => {
                self.advance()?;
                Ok(written_out(self.items("]")?))
            }
            Kind::Sign("{") => {
                self.advance()?;
                self.object()
            }
            Kind::Sign(_) | Kind::End => Err(self.unexpected("a value")),
        }
    }

    fn plain(&mut self, value: Value) -> Parsed {
        self.advance()?;
        self.parts += 1;
        Ok(Expr::Plain(value))
    }

    fn negative(&mut self) -> Parsed {
        self.advance()?;
        let token = self.advance()?;
        let number = match &token.kind {
            Kind::Number(number) => number.as_i64().map(|number| Value::from(-number)),
            Kind::Name(_) | Kind::Text(_) | Kind::Sign(_) | Kind::End => None,
        };
        number.map(Expr::Plain).ok_or_else(|| {
            Mistake::new(token.start, 1, "a minus stands only before a whole number")
        })
    }

    fn named(&mut self, name: &str, start: usize) -> Parsed {
        match name {
            "true" => return self.plain(Value::Bool(true)),
            "false" => return self.plain(Value::Bool(false)),
            "null" => return self.plain(Value::Null),
            "and" | "or" | "in" | "not" => return Err(self.unexpected("a value")),
            _ => {}
        }
        let mut end = self.advance()?.end;
        let mut picks = Vec::new();
        loop {
            self.parts += 1;
            if self.accept(".")? {
                end = self.token.end;
                picks.push(self.key()?);
            } else if self.accept("[")? {
                let inner = self.choice()?;
                end = self.token.end;
                self.expect("]")?;
                picks.push(picked(inner));
            } else {
                break;
            }
        }
        Ok(Expr::Path(Path { root: name.to_owned(), picks, at: (start, end - start) }))
    }

    fn key(&mut self) -> Result<Pick, Mistake> {
        let token = self.advance()?;
        match token.kind {
            Kind::Name(key) | Kind::Text(key) => Ok(Pick::Key(key)),
            Kind::Number(number) => Ok(number.as_i64().map_or(Pick::Index(0), Pick::Index)),
            Kind::Sign(_) | Kind::End => {
                Err(Mistake::new(token.start, 1, "expected a key behind the dot")
                    .hint("a key with other signs is written in brackets: name['odd-key']"))
            }
        }
    }

    fn object(&mut self) -> Parsed {
        self.enter()?;
        let mut fields = Vec::new();
        while !self.accept("}")? {
            let token = self.advance()?;
            let (Kind::Name(key) | Kind::Text(key)) = token.kind else {
                return Err(Mistake::new(token.start, 1, "expected a key of the object"));
            };
            self.expect(":")?;
            fields.push((key, self.choice()?));
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.depth -= 1;
        Ok(Expr::Object(fields))
    }
}

/// A list of literals is a literal: it need not be made anew for each reply.
fn written_out(items: Vec<Expr>) -> Expr {
    let literal = |item: &Expr| match item {
        Expr::Plain(value) => Some(value.clone()),
        _ => None,
    };
    let literals: Option<Vec<Value>> = items.iter().map(literal).collect();
    literals.map_or(Expr::List(items), |values| Expr::Plain(Value::Array(values)))
}

fn picked(inner: Expr) -> Pick {
    match &inner {
        Expr::Plain(Value::String(key)) => Pick::Key(key.clone()),
        Expr::Plain(Value::Number(number)) => {
            number.as_i64().map_or_else(|| Pick::Of(inner.clone()), Pick::Index)
        }
        Expr::Plain(_)
        | Expr::Path(_)
        | Expr::List(_)
        | Expr::Object(_)
        | Expr::Not(_)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Compare(..)
        | Expr::Else(..)
        | Expr::Choice(..)
        | Expr::Pipe(_) => Pick::Of(inner),
    }
}

fn pattern(argument: Option<&Expr>, at: (usize, usize)) -> Result<Pattern, Mistake> {
    let Some(Expr::Plain(Value::String(text))) = argument else {
        return Err(Mistake::new(at.0, at.1, "the pattern has to be written out here")
            .hint("a pattern is compiled once, when the file is read"));
    };
    Pattern::new(text)
        .map_err(|error| Mistake::new(at.0, at.1, format!("`{text}` is no pattern: {error}")))
}
