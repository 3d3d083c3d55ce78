//! Lists of people as directories export them: CSV with a line of names above, or
//! JSON as SCIM or Microsoft Graph writes it. CSV is read line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::scim::{Kind, Resource};

/// Longer lines are no list of people.
const LONGEST: u64 = 1 << 20;

/// Somebody, and the line or the place in the list where that stands.
pub(super) struct Row {
    pub number: usize,
    pub person: Resource,
}

/// Reads a list; `each` is told of everybody.
pub(super) fn read(path: &Path, each: &mut dyn FnMut(Row)) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", path.display());
    let mut file = BufReader::new(File::open(path).map_err(told)?);
    let start = file.fill_buf().map_err(told)?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    let mark = start.len() - text.len();
    file.consume(mark);
    let read = match first {
        Some(b'[' | b'{') => json_list(file, each),
        _ => csv(file, each),
    };
    read.map_err(|words| format!("{}: {words}", path.display()))
}

/// A list, or the answer that a list comes in.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Bare(Vec<Person>),
    Answer {
        #[serde(alias = "Resources", alias = "resources")]
        value: Vec<Person>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(alias = "userPrincipalName")]
    user_name: Option<String>,
    external_id: Option<String>,
    #[serde(alias = "email")]
    mail: Option<String>,
    emails: Option<Value>,
}

fn json_list(file: impl Read, each: &mut dyn FnMut(Row)) -> Result<(), String> {
    let list = serde_json::from_reader(file).map_err(|error| error.to_string())?;
    let people = match list {
        List::Bare(people) | List::Answer { value: people } => people,
    };
    for (index, one) in people.into_iter().enumerate() {
        let person = person([one.user_name, one.external_id, one.mail], one.emails);
        each(Row { number: index + 1, person });
    }
    Ok(())
}

fn csv(mut file: impl BufRead, each: &mut dyn FnMut(Row)) -> Result<(), String> {
    let Some((header, mut number)) = record(&mut file, 0)? else {
        return Err("it is empty".to_owned());
    };
    let outside = |sign: char| header.matches(sign).count();
    let sign = [',', ';', '\t'].into_iter().max_by_key(|sign| outside(*sign)).unwrap_or(',');
    let names: Vec<_> = cells(&header, sign).iter().map(|name| column(name)).collect();
    if names.iter().all(Option::is_none) {
        return Err("its first line names neither userName, externalId nor email".to_owned());
    }
    while let Some((line, after)) = record(&mut file, number)? {
        let at = std::mem::replace(&mut number, after) + 1;
        if line.trim().is_empty() {
            continue;
        }
        let mut known = [None, None, None];
        for (name, cell) in names.iter().zip(cells(&line, sign)) {
            if let Some(slot) = name.and_then(|index| known.get_mut(index)) {
                *slot = Some(cell.trim().to_owned());
            }
        }
        each(Row { number: at, person: person(known, None) });
    }
    Ok(())
}

/// One record, which goes on over lines within quotes, and the number of its last line.
fn record(file: &mut impl BufRead, before: usize) -> Result<Option<(String, usize)>, String> {
    let (mut text, mut number) = (String::new(), before);
    loop {
        let read = file.take(LONGEST).read_line(&mut text);
        let read = read.map_err(|error| format!("line {}: {error}", number + 1))?;
        if read == 0 {
            return if text.is_empty() { Ok(None) } else { Ok(Some((text, number))) };
        }
        number += 1;
        if text.len() as u64 >= LONGEST {
            return Err(format!("line {number} is longer than a megabyte"));
        }
        if text.matches('"').count().is_multiple_of(2) {
            let end = text.trim_end_matches(['\r', '\n']).len();
            text.truncate(end);
            return Ok(Some((text, number)));
        }
    }
}

fn cells(line: &str, sign: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut signs = line.chars().peekable();
    while let Some(one) = signs.next() {
        match one {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            _ if one == sign && !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(one),
        }
    }
    cells.push(cell);
    cells
}

/// Which of userName, externalId and e-mail a column holds.
fn column(name: &str) -> Option<usize> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    match name.to_ascii_lowercase().as_str() {
        "username" | "userprincipalname" | "upn" => Some(0),
        "externalid" => Some(1),
        "email" | "mail" | "emails" | "emailstypeeqworkvalue" => Some(2),
        _ => None,
    }
}

fn person([name, external, mail]: [Option<String>; 3], emails: Option<Value>) -> Resource {
    let mut attributes = Map::new();
    let texts = [("userName", name), ("externalId", external)];
    for (key, value) in texts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            attributes.insert(key.to_owned(), json!(value));
        }
    }
    let mail = mail.filter(|mail| !mail.is_empty());
    let emails = emails.or_else(|| Some(json!([{ "type": "work", "value": mail? }])));
    attributes.extend(emails.map(|emails| ("emails".to_owned(), emails)));
    Resource::from_attributes(Kind::User, attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(usize, Value)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people");
        std::fs::write(&path, text).unwrap();
        let mut rows = Vec::new();
        let mut each = |row: Row| {
            rows.push((row.number, Value::Object(row.person.into_attributes())));
        };
        read(&path, &mut each).map_err(|words| words.split_once(": ").unwrap().1.to_owned())?;
        Ok(rows)
    }

    fn nina() -> Value {
        json!({
            "userName": "Nina", "externalId": "x-1",
            "emails": [{ "type": "work", "value": "n@x.example" }]
        })
    }

    #[test]
    fn a_list_is_read_however_its_columns_stand() {
        for text in [
            "userName,externalId,email\nNina,x-1,n@x.example\n",
            "\u{feff}Mail;Display name;UserPrincipalName;External-ID\r\nn@x.example;\"Berg; Nina\";Nina;x-1\r\n\r\n",
            "\"externalId\"\t\"emails[type eq \"\"work\"\"].value\"\t\"userName\"\nx-1\tn@x.example\tNina",
        ] {
            assert_eq!(read_text(text).unwrap(), [(2, nina())], "{text}");
        }
    }

    #[test]
    fn a_cell_may_hold_quotes_and_lines() {
        let text = "note,userName\n\"a \"\"b\"\"\nc\",Nina\n,Ada\n";
        let rows = read_text(text).unwrap();
        assert_eq!(rows, [(2, json!({ "userName": "Nina" })), (4, json!({ "userName": "Ada" }))]);
    }

    #[test]
    fn json_is_read_as_scim_and_graph_write_it() {
        for list in [
            json!({ "Resources": [nina()] }),
            json!([nina()]),
            json!({ "value": [
                { "userPrincipalName": "Nina", "externalId": "x-1", "mail": "n@x.example" }
            ] }),
        ] {
            assert_eq!(read_text(&list.to_string()).unwrap(), [(1, nina())]);
        }
    }

    #[test]
    fn what_is_no_list_is_told() {
        assert_eq!(read_text("").unwrap_err(), "it is empty");
        assert!(read_text("a,b\n1,2\n").unwrap_err().contains("neither userName"));
        assert!(read_text("[1]").is_err());
    }
}
