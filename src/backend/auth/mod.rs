//! How the LMS knows us. What a mapping writes into its own calls (a token in
//! the header, query or body) needs nothing here; what has to be opened, kept
//! and renewed does.

mod grant;
mod login;
mod session;
mod talk;

use crate::call::Call;
use crate::secret::Secret;

pub use grant::{ClientProof, Grant, GrantKind};
pub use login::{Conversation, Kept, Login, Next, Session, Vault, VaultError};
pub(super) use session::{Keeper, Pass};

/// How the LMS knows us.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// By what is in the calls already, or not at all.
    #[default]
    Open,
    /// By a header of every call.
    Header {
        /// Its name.
        name: String,
        /// Its whole value, the scheme word included.
        value: Secret,
    },
    /// By a session that is opened before the first call and whenever it ends.
    Session(Session),
}

impl Access {
    /// `Authorization: Bearer …`, RFC 6750.
    pub fn bearer(token: &Secret) -> Self {
        Self::authorization(format!("Bearer {}", token.expose()))
    }

    /// `Authorization: Basic …`, RFC 7617; the password may be empty.
    pub fn basic(user: &str, password: &Secret) -> Self {
        Self::authorization(basic(user, password))
    }

    fn authorization(value: String) -> Self {
        Self::Header { name: "authorization".to_owned(), value: Secret::new(value) }
    }
}

/// Sets a header; the mapping's own of that name gives way.
fn set_header(call: &mut Call, name: &str, value: impl Into<String>) {
    call.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    call.headers.push((name.to_owned(), value.into()));
}

/// Shows a fixed header.
pub(super) fn show_header(call: &mut Call, name: &str, value: &Secret) {
    set_header(call, name, value.expose());
}

fn basic(user: &str, password: &Secret) -> String {
    format!("Basic {}", base64(format!("{user}:{}", password.expose()).as_bytes()))
}

/// RFC 4648, section 4: the one place in this room that needs it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| LETTERS.get(bits as usize & 63).copied().map_or('=', char::from);
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.push(letter(bits >> 18));
        text.push(letter(bits >> 12));
        text.push(if chunk.len() > 1 { letter(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { letter(bits) } else { '=' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Access, base64};
    use crate::secret::Secret;

    #[test]
    fn base64_gives_the_vectors_of_rfc_4648() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in vectors {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_key_without_a_password_is_a_user_with_an_empty_one() {
        let Access::Header { value, .. } = Access::basic("key", &Secret::new("")) else {
            panic!("basic is a header")
        };
        assert_eq!(value.expose(), "Basic a2V5Og==");
    }

    #[test]
    fn credentials_do_not_print() {
        let shown = format!("{:?}", Access::bearer(&Secret::new("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
