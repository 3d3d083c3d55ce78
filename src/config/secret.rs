//! Secrets, in the three forms they can be given in: as they are, by the name of
//! a variable, or by the name of a file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::key::Key;
use super::reader::Reader;
use crate::secret::Secret;

/// No secret is longer, also no private key.
const LONGEST: u64 = 64 * 1024;

/// The forms of a secret, for faults.
const FORMS: &[&str] = &["env", "file"];

/// A secret as it is written.
enum Form {
    Itself(Secret),
    Variable(String),
    File(PathBuf),
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FormVisitor)
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = Form;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text, { env = \"NAME\" } or { file = \"path\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Form, E> {
        Ok(Form::Itself(Secret::new(text)))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Form, M::Error> {
        let mut form = None;
        while let Some(key) = map.next_key::<String>()? {
            let next = match key.as_str() {
                "env" => Form::Variable(map.next_value()?),
                "file" => Form::File(map.next_value()?),
                _ => return Err(M::Error::unknown_field(&key, FORMS)),
            };
            if form.replace(next).is_some() {
                let words = "a secret comes from one place; write either `env` or `file`";
                return Err(M::Error::custom(words));
            }
        }
        let words =
            "nothing says where the secret is; write { env = \"NAME\" } or { file = \"path\" }";
        form.ok_or_else(|| M::Error::custom(words))
    }
}

impl Reader<'_> {
    /// The secret behind a key. What is wrong is told, and nothing of it shown.
    pub(super) fn secret(&mut self, key: &Key) -> Option<Secret> {
        let secret = match self.read::<Form>(key)? {
            Form::Itself(secret) => secret,
            Form::Variable(name) => self.secret_of_variable(key, &name)?,
            Form::File(path) => self.secret_of_file(key, &path)?,
        };
        if secret.is_empty() {
            self.refuse(
                key,
                format!("the secret `{key}` is empty"),
                "a secret is some characters long",
            );
            return None;
        }
        Some(secret)
    }

    fn secret_of_variable(&mut self, key: &Key, name: &str) -> Option<Secret> {
        let found = self.environment.get(name).map(Secret::from_source);
        if found.is_none() {
            let words = format!("the environment has no variable `{name}`");
            let hint = "set it for the process that runs the gateway; \
                        a value that is no UTF-8 counts as not set";
            self.refuse(&key.then("env"), words, hint);
        }
        found
    }

    fn secret_of_file(&mut self, key: &Key, path: &Path) -> Option<Secret> {
        let key = key.then("file");
        let path = self.folder.join(path);
        let (text, open) = match read(&path) {
            Ok(found) => found,
            Err(error) => {
                let words = format!("the secret in `{}` cannot be read: {error}", path.display());
                self.refuse(&key, words, "paths are relative to the configuration file");
                return None;
            }
        };
        if open {
            let words = format!("every user of this machine can read `{}`", path.display());
            self.warn(
                &key,
                words,
                "take the right away: chmod o-r, or 0400 and the gateway's user",
            );
        }
        Some(Secret::from_source(&text))
    }
}

/// The text of a file, and whether everybody can read it.
fn read(path: &Path) -> io::Result<(String, bool)> {
    let mut file = File::open(path)?;
    let open = readable_by_all(&file.metadata()?);
    let mut text = String::new();
    (&mut file).take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 64 KiB"));
    }
    Ok((text, open))
}

#[cfg(unix)]
fn readable_by_all(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn readable_by_all(_: &fs::Metadata) -> bool {
    false
}
