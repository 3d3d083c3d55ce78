//! The key of the house: what tokens are kept under, the trail is sealed and secrets are
//! locked up with.
//!
//! Whoever can read or write the store, and has not the key, can neither guess
//! tokens from what is kept of them nor write a trail that holds.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use super::{Digest, Error, Store};
use crate::secret::Secret;

/// The name of the note that says which key a store was begun with.
pub(super) const NOTE: &str = "key";

/// The key, ready for use.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// A key that nobody has had before.
    pub fn fresh() -> Result<Self, Error> {
        Ok(Self::of_bytes(&random()?))
    }

    /// The key that a long secret is.
    pub fn of(secret: &Secret) -> Self {
        Self::of_bytes(&Sha256::digest(secret.expose().as_bytes()).into())
    }

    fn of_bytes(bytes: &[u8; 32]) -> Self {
        // Shorter than a block of SHA-256: RFC 2104 fills it up with zeros.
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Self(Hmac::new(&block.into()))
    }

    /// What is kept of a token.
    pub fn token(&self, text: &str) -> Digest {
        Digest::from(self.seal("token", &[text.as_bytes()]))
    }

    /// What tells keys apart, and says nothing of them.
    pub fn mark(&self) -> String {
        let hex = Digest::from(self.seal("mark", &[])).hex();
        hex.get(..16).unwrap_or_default().to_owned()
    }

    /// Seals these parts for one purpose: no two lists of parts, and no two
    /// purposes, have the same seal.
    pub(super) fn seal(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.mark() == other.mark()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key(***)")
    }
}

/// 256 bits that nobody can guess.
pub(super) fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::new)?;
    Ok(bytes)
}

/// The key of a store: the one that the settings give, or the one in the file, which
/// is made with the store. One that is not there any more, or another than the store
/// was begun with, is refused: nobody's token would be known, and every client would
/// be told so as if its token were wrong.
pub async fn unlock(
    given: Option<&Key>,
    file: &Path,
    store: &Arc<dyn Store>,
) -> Result<Key, Error> {
    let notes = store.notes();
    let known = notes.get(NOTE).await?;
    let key = match (given, known.is_some()) {
        (Some(key), _) => key.clone(),
        (None, true) => read(file)?.ok_or_else(|| lost(file))?,
        (None, false) => match read(file)? {
            Some(key) => key,
            None => make(file).map_err(|error| told(file, error))?,
        },
    };
    let mark = key.mark();
    let standing = notes.keep(NOTE, &mark).await?;
    if standing == mark { Ok(key) } else { Err(other(given.is_none().then_some(file))) }
}

/// Takes this key from now on, in place of one that is lost.
pub async fn replace(key: &Key, store: &Arc<dyn Store>) -> Result<(), Error> {
    store.notes().put(NOTE, &key.mark()).await
}

fn lost(file: &Path) -> Error {
    Error::new(format!(
        "the key in `{}` is not there, and the tokens and the audit trail of this store were \
         made with it: put it back from your backup; if it is lost for good, \
         `matricula token new-key` ends all tokens and begins anew",
        file.display()
    ))
}

fn other(file: Option<&Path>) -> Error {
    let place = file.map_or("`store.key`".to_owned(), |file| format!("`{}`", file.display()));
    Error::new(format!(
        "the key in {place} is not the one that this store was begun with: put that one back \
         (every process on one store has the same); if it is lost for good, \
         `matricula token new-key` ends all tokens and begins anew"
    ))
}

/// The key in a file; none, if there is no such file.
fn read(file: &Path) -> Result<Option<Key>, Error> {
    match fs::read_to_string(file) {
        Ok(text) => match Digest::parse(text.trim()) {
            Some(bytes) => Ok(Some(Key::of_bytes(bytes.bytes()))),
            None => Err(told(file, "it holds no key: 64 hexadecimal digits are one")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(told(file, error)),
    }
}

/// Makes the file, whole from its first moment and readable for its owner alone. If
/// somebody else was faster, theirs is the one.
pub fn make(file: &Path) -> Result<Key, io::Error> {
    let bytes = random().map_err(io::Error::other)?;
    let beside = file.with_extension(format!("key-{}", std::process::id()));
    let written = write_new(&beside, &Digest::from(bytes).hex());
    let placed = written.and_then(|()| fs::hard_link(&beside, file));
    let _ = fs::remove_file(&beside);
    match placed {
        Ok(()) => Ok(Key::of_bytes(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let theirs = read(file).map_err(io::Error::other)?;
            theirs.ok_or_else(|| io::Error::other("it came and went"))
        }
        Err(error) => Err(error),
    }
}

fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open: File = options.open(file)?;
    open.write_all(text.as_bytes())?;
    open.write_all(b"\n")?;
    give_away(file);
    open.sync_all()
}

/// What root makes beside a store belongs to whom the folder belongs to: the
/// gateway, which is not root, has to read it. Where that is not allowed, it is no
/// matter of ours.
#[cfg(unix)]
pub(super) fn give_away(file: &Path) {
    use std::os::unix::fs::MetadataExt;
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(folder), Ok(own)) = (fs::metadata(folder), fs::metadata(file))
        && folder.uid() != own.uid()
    {
        let _ = std::os::unix::fs::chown(file, Some(folder.uid()), Some(folder.gid()));
    }
}

#[cfg(not(unix))]
pub(super) fn give_away(_: &Path) {}

fn told(file: &Path, error: impl fmt::Display) -> Error {
    Error::new(format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_moved_from_one_to_another() {
        let key = Key::of(&Secret::new("a key for a test"));
        assert_ne!(key.seal("a", &[b"bc", b"d"]), key.seal("a", &[b"b", b"cd"]));
        assert_ne!(key.seal("a", &[b"b"]), key.seal("ab", &[]));
        assert_eq!(key.seal("a", &[b"b"]), key.clone().seal("a", &[b"b"]));
    }

    #[test]
    fn another_key_keeps_the_same_token_otherwise() {
        let (one, other) = (Key::fresh().unwrap(), Key::fresh().unwrap());
        assert!(one.token("t") != other.token("t") && one.mark() != other.mark());
        assert_ne!(one.token("t"), Digest::of("t"));
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", Key::fresh().unwrap()), "Key(***)");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone_and_made_once() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("matricula.key");
        let first = make(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(make(&file).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
