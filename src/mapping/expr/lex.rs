//! Text of an expression to tokens.

use super::parse::Mistake;

/// One token with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Text(String),
    Number(serde_json::Number),
    Sign(&'static str),
    End,
}

/// Longest first, so that `==` is not two signs.
const SIGNS: [&str; 21] = [
    "==", "!=", "<=", ">=", "??", "<", ">", "?", ":", "|", "(", ")", "[", "]", "{", "}", ",", ".",
    "-", "=", "&",
];

/// Reads a text as a list of tokens, lazily: an expression in a hole ends where
/// the hole ends, and what follows may be anything.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Result<Token, Mistake> {
        let trimmed = self.rest().trim_start();
        self.at = self.text.len() - trimmed.len();
        let start = self.at;
        let kind = self.kind(trimmed)?;
        Ok(Token { kind, start, end: self.at })
    }

    fn kind(&mut self, rest: &str) -> Result<Kind, Mistake> {
        let Some(first) = rest.chars().next() else { return Ok(Kind::End) };
        if first == '\'' || first == '"' {
            return self.quoted(rest, first);
        }
        if first.is_ascii_digit() {
            return self.number(rest);
        }
        if first.is_alphabetic() || first == '_' || first == '$' {
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'))
                .unwrap_or(rest.len());
            self.at += length;
            return Ok(Kind::Name(rest.get(..length).unwrap_or_default().to_owned()));
        }
        let Some(sign) = SIGNS.iter().copied().find(|sign| rest.starts_with(sign)) else {
            let mistake =
                Mistake::new(self.at, first.len_utf8(), format!("`{first}` means nothing here"));
            return Err(mistake);
        };
        self.at += sign.len();
        Ok(Kind::Sign(sign))
    }

    fn quoted(&mut self, rest: &str, quote: char) -> Result<Kind, Mistake> {
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((index, c)) = chars.next() {
            if c == quote {
                self.at += index + 1;
                return Ok(Kind::Text(text));
            }
            // A backslash guards the next sign; patterns need theirs, so any
            // other pair is kept as it is.
            match (c, chars.clone().next()) {
                ('\\', Some((_, next))) if next == quote => {
                    text.push(next);
                    chars.next();
                }
                ('\\', Some((_, '\\'))) => {
                    text.push_str("\\\\");
                    chars.next();
                }
                _ => text.push(c),
            }
        }
        Err(Mistake::new(self.at, rest.len().max(1), "this text has no end")
            .hint(format!("close it with {quote}")))
    }

    fn number(&mut self, rest: &str) -> Result<Kind, Mistake> {
        let mut length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        // `1.` is a number and a pick, not a number.
        if rest.get(..length).is_some_and(|digits| digits.ends_with('.')) {
            length -= 1;
        }
        let digits = rest.get(..length).unwrap_or_default();
        let number = digits.parse::<serde_json::Number>().map_err(|_| {
            Mistake::new(self.at, length.max(1), format!("`{digits}` is no number"))
        })?;
        self.at += length;
        Ok(Kind::Number(number))
    }
}
