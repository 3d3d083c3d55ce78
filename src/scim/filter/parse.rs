//! Text to filter, by recursive descent: `or` of `and` of single tests.

use super::{Filter, Literal, Operator};
use crate::scim::name::SchemaUri;
use crate::scim::path;
use crate::scim::syntax::{Cursor, Parsed};

pub(super) fn filter(text: &str, urns: &[SchemaUri]) -> Parsed<Filter> {
    let mut cursor = Cursor::new(text, urns)?;
    let filter = any(&mut cursor)?;
    cursor.skip_spaces();
    if cursor.rest().is_empty() {
        Ok(filter)
    } else {
        Err(cursor.expected("`and`, `or` or the end"))
    }
}

/// The filter between the brackets of a path.
pub(in crate::scim) fn within_brackets(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    any(cursor)
}

fn any(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    let mut filters = vec![all(cursor)?];
    while keyword(cursor, "or") {
        filters.push(all(cursor)?);
    }
    Ok(Filter::any(filters))
}

fn all(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    let mut filters = vec![single(cursor)?];
    while keyword(cursor, "and") {
        filters.push(single(cursor)?);
    }
    Ok(Filter::all(filters))
}

fn single(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    cursor.skip_spaces();
    if negation(cursor) {
        return Ok(Filter::Not(Box::new(group(cursor)?)));
    }
    if cursor.peek() == Some('(') { group(cursor) } else { comparison(cursor) }
}

/// `not` is a word of the grammar only before a parenthesis; elsewhere it may
/// be an attribute like any other.
fn negation(cursor: &mut Cursor<'_>) -> bool {
    let start = cursor.position();
    if cursor.word().eq_ignore_ascii_case("not") {
        cursor.skip_spaces();
        if cursor.peek() == Some('(') {
            return true;
        }
    }
    cursor.rewind(start);
    false
}

fn group(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    cursor.advance(1);
    cursor.deepen()?;
    let filter = any(cursor)?;
    cursor.skip_spaces();
    if !cursor.eat(')') {
        return Err(cursor.expected("`and`, `or` or `)`"));
    }
    cursor.surface();
    Ok(filter)
}

fn keyword(cursor: &mut Cursor<'_>, word: &str) -> bool {
    let start = cursor.position();
    cursor.skip_spaces();
    let found = cursor.word().eq_ignore_ascii_case(word);
    if !found {
        cursor.rewind(start);
    }
    found
}

fn comparison(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    cursor.count_term()?;
    let path = path::attribute(cursor)?;
    let after_path = cursor.position();
    cursor.skip_spaces();
    let start = cursor.position();
    let word = cursor.word();
    if word.eq_ignore_ascii_case("pr") {
        return Ok(Filter::Present(path));
    }
    if let Some(operator) = Operator::parse(word) {
        cursor.skip_spaces();
        let value = literal(cursor, operator)?;
        return Ok(Filter::Compare(path, operator, value));
    }
    // `emails[type eq "work"]` is a test of its own: some element matches.
    if path.filter.is_some() && path.sub.is_none() {
        cursor.rewind(after_path);
        return Ok(Filter::Element(path));
    }
    cursor.rewind(start);
    Err(cursor.expected("an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)"))
}

fn literal(cursor: &mut Cursor<'_>, operator: Operator) -> Parsed<Literal> {
    if cursor.peek() == Some('"') {
        return quoted(cursor).map(Literal::Quoted);
    }
    let start = cursor.position();
    let word = cursor.word();
    let keyword = ["and", "or"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
    if word.is_empty() || keyword || word.contains(char::is_control) {
        cursor.rewind(start);
        return Err(cursor.expected("a value, such as \"text\", 42, true or null"));
    }
    let json = serde_json::from_str::<serde_json::Value>(word).is_ok();
    // Entra's documentation shows `externalId eq jyoung`; a word without
    // quotes makes no sense with any other operator.
    if json || matches!(operator, Operator::Eq | Operator::Ne) {
        Ok(Literal::Bare(word.to_owned()))
    } else {
        cursor.rewind(start);
        Err(cursor.expected("a value in double quotes"))
    }
}

fn quoted(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let rest = cursor.rest();
    let end = closing_quote(rest).ok_or_else(|| cursor.error("this quote is never closed"))?;
    let text = rest.get(..=end).unwrap_or_default();
    let value = serde_json::from_str(text)
        .map_err(|_| cursor.error("this is not a JSON string (check its backslashes)"))?;
    cursor.advance(text.len());
    Ok(value)
}

/// Where the string that opens at 0 closes, escaped quotes left out.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Filter::parse(text, &[]) {
            Ok(filter) => filter.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(
            Filter::parse("a pr or b pr and c pr", &[]),
            Filter::parse("a pr or (b pr and c pr)", &[])
        );
        assert_ne!(
            Filter::parse("a pr or b pr and c pr", &[]),
            Filter::parse("(a pr or b pr) and c pr", &[])
        );
    }

    #[test]
    fn names_and_operators_come_in_any_case_and_values_keep_theirs() {
        assert_eq!(
            shown(r#"USERNAME Eq "AbC" AND Active EQ True"#),
            r#"USERNAME eq "AbC" and Active eq True"#
        );
    }

    #[test]
    fn words_of_the_grammar_inside_quotes_are_text() {
        assert_eq!(
            shown(r#"displayName eq "Sales and (Ops) or \"x\" not [y]""#),
            r#"displayName eq "Sales and (Ops) or \"x\" not [y]""#
        );
    }

    #[test]
    fn an_attribute_may_be_called_not() {
        assert_eq!(shown("not pr and not (not eq 1)"), "not pr and not (not eq 1)");
    }

    #[test]
    fn a_value_path_may_be_followed_by_a_sub_attribute() {
        let text = r#"emails[type eq "work"].value eq "nina@hoch.example""#;
        assert_eq!(shown(text), text);
    }

    #[test]
    fn a_bare_word_is_a_value_after_eq_and_ne_only() {
        assert_eq!(shown("externalId eq jyoung"), "externalId eq jyoung");
        assert_eq!(
            shown("externalId sw jyoung"),
            "at character 15: expected a value in double quotes, found `jyoung`"
        );
        assert_eq!(shown("age gt 12"), "age gt 12");
    }

    #[test]
    fn errors_say_what_was_expected_and_where() {
        insta::assert_snapshot!(
            [
                "",
                "userName",
                r#"userName is "x""#,
                "userName eq",
                r#"userName eq "x"#,
                r#"userName eq "x" and"#,
                r#"userName eq "x" userName"#,
                r#"(userName eq "x""#,
                r#"userName eq "\x""#,
                "userName eq and",
                r#"emails[type eq "work" value eq "x"]"#,
                "emails[].value eq 1",
                r#"not userName eq "x""#,
                "1userName eq 1",
            ]
            .map(|text| {
                let name = if text.is_empty() { "(nothing)" } else { text };
                format!("{name:<36} {}", shown(text))
            })
            .join("\n"),
            @r#"
(nothing)                            at character 1: expected an attribute path, but the text ends here
userName                             at character 9: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr), but the text ends here
userName is "x"                      at character 10: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr), found `is`
userName eq                          at character 12: expected a value, such as "text", 42, true or null, but the text ends here
userName eq "x                       at character 13: this quote is never closed
userName eq "x" and                  at character 20: expected an attribute path, but the text ends here
userName eq "x" userName             at character 17: expected `and`, `or` or the end, found `userName`
(userName eq "x"                     at character 17: expected `and`, `or` or `)`, but the text ends here
userName eq "\x"                     at character 13: this is not a JSON string (check its backslashes)
userName eq and                      at character 13: expected a value, such as "text", 42, true or null, found `and`
emails[type eq "work" value eq "x"]  at character 23: expected `]`, found `value`
emails[].value eq 1                  at character 8: expected an attribute path, found `].value`
not userName eq "x"                  at character 5: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr), found `userName`
1userName eq 1                       at character 1: `1userName` is not an attribute path
"#
        );
    }

    #[test]
    fn ten_thousand_brackets_are_refused_where_the_limit_is() {
        for open in ["(", "not (", "a[", "not(a[("] {
            let error = Filter::parse(&open.repeat(2_000), &[]).unwrap_err();
            assert!(error.problem.contains("nests deeper"), "{error}");
        }
    }

    #[test]
    fn a_filter_of_64_kib_is_refused_unread() {
        let text = format!("userName eq \"{}\"", "x".repeat(64 * 1024));
        assert_eq!(Filter::parse(&text, &[]).unwrap_err().at, 0);
    }

    #[test]
    fn a_thousand_comparisons_are_refused() {
        let text = vec!["a pr"; 1_000].join(" or ");
        assert!(Filter::parse(&text, &[]).unwrap_err().problem.contains("comparisons"));
    }
}
