//! Functions over texts.

use std::ops::Range;

use serde_json::Value;

use super::super::Pattern;
use super::{LONGEST, argument, made, plain_text, size};

pub(in super::super) fn lower(value: &Value, _: &[Value]) -> Option<Value> {
    made(plain_text(value)?.to_lowercase())
}

pub(in super::super) fn upper(value: &Value, _: &[Value]) -> Option<Value> {
    made(plain_text(value)?.to_uppercase())
}

pub(in super::super) fn trim(value: &Value, _: &[Value]) -> Option<Value> {
    made(plain_text(value)?.trim().to_owned())
}

pub(in super::super) fn collapse(value: &Value, _: &[Value]) -> Option<Value> {
    let text = plain_text(value)?;
    made(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Letters with accents in one place: the Latin blocks that names are made of.
const FOLDED: [(&str, &str); 33] = [
    ("àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ", "a"),
    ("ḃḅḇ", "b"),
    ("çćĉċčḉ", "c"),
    ("ďđðḋḍḏḑḓ", "d"),
    ("èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ", "e"),
    ("ḟ", "f"),
    ("ĝğġģǧǵḡ", "g"),
    ("ĥħȟḣḥḧḩḫẖ", "h"),
    ("ìíîïĩīĭįıǐȉȋḭḯỉị", "i"),
    ("ĵǰ", "j"),
    ("ķǩḱḳḵ", "k"),
    ("ĺļľŀłḷḹḻḽ", "l"),
    ("ḿṁṃ", "m"),
    ("ñńņňŉǹṅṇṉṋ", "n"),
    ("òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ", "o"),
    ("ṕṗ", "p"),
    ("ŕŗřȑȓṙṛṝṟ", "r"),
    ("śŝşšșṡṣṥṧṩ", "s"),
    ("ţťŧțṫṭṯṱẗ", "t"),
    ("ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự", "u"),
    ("ṽṿ", "v"),
    ("ŵẁẃẅẇẉẘ", "w"),
    ("ẋẍ", "x"),
    ("ýÿŷȳẏẙỳỵỷỹ", "y"),
    ("źżžẑẓẕ", "z"),
    ("æǣǽ", "ae"),
    ("œ", "oe"),
    ("ß", "ss"),
    ("þ", "th"),
    ("ĳ", "ij"),
    ("ẞ", "ss"),
    ("’‘", "'"),
    ("‐‑–—", "-"),
];

pub(in super::super) fn ascii(value: &Value, _: &[Value]) -> Option<Value> {
    let mut out = String::new();
    for c in plain_text(value)?.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let capital = !c.is_lowercase() && c.is_uppercase();
        // The dot of `İ` comes behind its small letter, as a mark of its own.
        let Some(small) = c.to_lowercase().next() else { continue };
        let own = small.is_ascii().then_some((small, ""));
        let folded = || {
            let (_, to) = FOLDED.iter().find(|(from, _)| from.contains(small))?;
            let mut letters = to.chars();
            Some((letters.next()?, letters.as_str()))
        };
        if let Some((first, rest)) = own.or_else(folded) {
            out.push(if capital { first.to_ascii_uppercase() } else { first });
            out.push_str(rest);
        }
    }
    made(out)
}

pub(in super::super) fn truncate(value: &Value, arguments: &[Value]) -> Option<Value> {
    made(plain_text(value)?.chars().take(size(arguments, 0)?).collect())
}

pub(in super::super) fn pad(value: &Value, arguments: &[Value]) -> Option<Value> {
    let text = plain_text(value)?;
    let wanted = size(arguments, 0)?.min(LONGEST + 1);
    let fill = argument(arguments, 1)?.chars().next()?;
    let missing = wanted.saturating_sub(text.chars().count());
    made(std::iter::repeat_n(fill, missing).chain(text.chars()).collect())
}

pub(in super::super) fn slice(value: &Value, arguments: &[Value]) -> Option<Value> {
    let text = plain_text(value)?;
    let length = if arguments.len() > 1 { size(arguments, 1)? } else { usize::MAX };
    made(text.chars().skip(size(arguments, 0)?).take(length).collect())
}

pub(in super::super) fn replace(value: &Value, arguments: &[Value]) -> Option<Value> {
    let (text, from, to) = (plain_text(value)?, argument(arguments, 0)?, argument(arguments, 1)?);
    if from.is_empty() {
        return made(text);
    }
    let found = text.match_indices(from.as_str()).map(|(at, part)| at..at + part.len());
    replaced(&text, &to, found)
}

/// The text with these parts replaced, as far as that is not too long.
fn replaced(text: &str, to: &str, parts: impl Iterator<Item = Range<usize>>) -> Option<Value> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for part in parts {
        out.extend([text.get(from..part.start)?, to]);
        from = part.end;
        if out.len() > LONGEST {
            break;
        }
    }
    made(out + text.get(from..)?)
}

pub(in super::super) fn prefix(value: &Value, arguments: &[Value]) -> Option<Value> {
    made(argument(arguments, 0)? + &plain_text(value)?)
}

pub(in super::super) fn suffix(value: &Value, arguments: &[Value]) -> Option<Value> {
    made(plain_text(value)? + &argument(arguments, 0)?)
}

pub(in super::super) fn split(value: &Value, arguments: &[Value]) -> Option<Value> {
    let (text, separator) = (plain_text(value)?, argument(arguments, 0)?);
    if separator.is_empty() {
        return Some(Value::from(vec![text]));
    }
    Some(text.split(&separator).map(str::trim).filter(|part| !part.is_empty()).collect())
}

pub(in super::super) fn words(value: &Value, _: &[Value]) -> Option<Value> {
    Some(plain_text(value)?.split_whitespace().collect())
}

pub(in super::super) fn lines(value: &Value, _: &[Value]) -> Option<Value> {
    Some(plain_text(value)?.lines().collect())
}

pub(in super::super) fn starts(value: &Value, arguments: &[Value]) -> Option<Value> {
    Some(Value::Bool(plain_text(value)?.starts_with(&argument(arguments, 0)?)))
}

pub(in super::super) fn ends(value: &Value, arguments: &[Value]) -> Option<Value> {
    Some(Value::Bool(plain_text(value)?.ends_with(&argument(arguments, 0)?)))
}

pub(in super::super) fn contains(value: &Value, arguments: &[Value]) -> Option<Value> {
    let (text, part) = (plain_text(value)?, argument(arguments, 0)?);
    Some(Value::Bool(text.to_lowercase().contains(&part.to_lowercase())))
}

#[expect(clippy::unnecessary_wraps, reason = "every function has the same shape")]
pub(in super::super) fn matches(text: &str, pattern: &Pattern, _: &[Value]) -> Option<Value> {
    Some(Value::Bool(pattern.is_match(text)))
}

pub(in super::super) fn extract(text: &str, pattern: &Pattern, _: &[Value]) -> Option<Value> {
    let found = pattern.regex().captures(text)?;
    let part = found.get(1).or_else(|| found.get(0))?;
    made(part.as_str().to_owned())
}

pub(in super::super) fn replace_all(
    text: &str,
    pattern: &Pattern,
    arguments: &[Value],
) -> Option<Value> {
    let to = argument(arguments, 1)?;
    replaced(text, &to, pattern.regex().find_iter(text).map(|found| found.range()))
}

pub(in super::super) fn text(value: &Value, _: &[Value]) -> Option<Value> {
    made(plain_text(value)?)
}

pub(in super::super) fn number(value: &Value, _: &[Value]) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let text = text.trim();
            let whole = text.parse::<i64>().map(Value::from);
            whole.or_else(|_| text.parse::<u64>().map(Value::from)).ok().or_else(|| {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
                Some(Value::from(number))
            })
        }
        Value::Bool(truth) => Some(Value::from(u8::from(*truth))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(in super::super) fn boolean(value: &Value, _: &[Value]) -> Option<Value> {
    let word = plain_text(value)?.trim().to_lowercase();
    match word.as_str() {
        "true" | "yes" | "on" | "1" => Some(Value::Bool(true)),
        "false" | "no" | "off" | "0" => Some(Value::Bool(false)),
        _ => None,
    }
}

pub(in super::super) fn json(value: &Value, _: &[Value]) -> Option<Value> {
    made(value.to_string())
}

pub(in super::super) fn odata(value: &Value, _: &[Value]) -> Option<Value> {
    made(format!("'{}'", plain_text(value)?.replace('\'', "''")))
}

pub(in super::super) fn base64(value: &Value, _: &[Value]) -> Option<Value> {
    made(sixty_four(plain_text(value)?.as_bytes()))
}

pub(in super::super) fn basic(value: &Value, arguments: &[Value]) -> Option<Value> {
    let pair = format!("{}:{}", plain_text(value)?, argument(arguments, 0)?);
    made(format!("Basic {}", sixty_four(pair.as_bytes())))
}

fn sixty_four(bytes: &[u8]) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4_u32 {
            let index = (word >> (18 - 6 * place)) & 63;
            let sign = usize::try_from(index).ok().and_then(|index| SIGNS.get(index));
            let filled = usize::try_from(place).is_ok_and(|place| place <= chunk.len());
            out.push(if filled { sign.copied().map_or('=', char::from) } else { '=' });
        }
    }
    out
}
