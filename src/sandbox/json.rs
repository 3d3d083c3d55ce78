//! JSON as PHP writes it: slashes escaped, nothing beyond ASCII. Values are the
//! same to any reader; only then the sizes are true as well.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// A value as text. What cannot be written (nothing here) is `null`.
pub(super) fn written(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let done = value.serialize(&mut Serializer::with_formatter(&mut bytes, Php));
    match done.map(|()| String::from_utf8(bytes)) {
        Ok(Ok(text)) => text,
        _ => "null".to_owned(),
    }
}

struct Php;

impl Formatter for Php {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for sign in fragment.chars() {
            match sign {
                '/' => writer.write_all(b"\\/")?,
                _ if sign.is_ascii() => write!(writer, "{sign}")?,
                _ => {
                    for unit in sign.encode_utf16(&mut units) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn slashes_and_letters_beyond_ascii_are_escaped() {
        assert_eq!(written(&"a/ö🎓\n"), r#""a\/\u00f6\ud83c\udf93\n""#);
    }
}
