//! What the store says: whether it is there, and would take what is written.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Finding, Grade};
use crate::store::{Config, Place};

const CHECK: &str = "store";

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    match &config.place {
        Place::Memory => {
            let words = "in memory: what clients wrote is lost with the process";
            vec![Finding::new(Grade::Ok, CHECK, words)]
        }
        Place::File(path) => vec![file(path)],
        #[cfg(feature = "postgres")]
        Place::Postgres(settings) => server(settings).await,
    }
}

fn file(path: &Path) -> Finding {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let shown = path.display();
    let failed = |words: String| Finding::new(Grade::Fail, CHECK, words);
    if let Err(error) = fs::metadata(folder) {
        return failed(format!("{}: {error}", folder.display()))
            .hint("make the folder, and give it to the gateway's user");
    }
    if let Err(error) = takes_files(folder) {
        return failed(format!("nothing can be written beside {shown}: {error}"))
            .hint("set `store.path` to a file in a folder that the gateway's user may write");
    }
    for own in files_of(path) {
        if let Err(error) = OpenOptions::new().write(true).open(&own) {
            return failed(format!("{} cannot be written: {error}", own.display()))
                .hint("give it to the gateway's user; doctor is run as that user");
        }
    }
    let state = if path.exists() { "is there" } else { "is made by the first start" };
    Finding::new(Grade::Ok, CHECK, format!("{shown} {state}"))
}

/// Whether this user may make files there. Bits of the mode say nothing of owners,
/// lists of rights and disks that take no writes, so it is tried, and taken away.
fn takes_files(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".matricula-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&trial)?;
    fs::remove_file(&trial)
}

/// What is there of the store: its file, and those that are kept beside it.
fn files_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    let beside = ["-wal", "-shm"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    let all = [path.to_owned(), path.with_extension("lock")].into_iter().chain(beside);
    all.filter(|file| file.exists())
}

#[cfg(feature = "postgres")]
async fn server(settings: &crate::store::Settings) -> Vec<Finding> {
    use crate::store::{Postgres, Tables};
    let health = match Postgres::examine(settings).await {
        Ok(health) => health,
        Err(error) => {
            return vec![
                Finding::new(Grade::Fail, CHECK, error.to_string())
                    .hint("nothing is served without the store: mend this first"),
            ];
        }
    };
    let how = if settings.is_encrypted() { "over TLS" } else { "without TLS" };
    let words = format!("{} {how}, version {}", settings.place(), health.version);
    let mut findings = vec![Finding::new(Grade::Ok, CHECK, words)];
    if !health.writable {
        findings.push(
            Finding::new(Grade::Fail, CHECK, "the server takes no writes: it is read-only")
                .hint("name the primary, or several hosts with target_session_attrs=read-write"),
        );
    }
    findings.push(match health.tables {
        Tables::Ready => Finding::new(Grade::Ok, CHECK, "its tables are of today's form"),
        Tables::Absent | Tables::Earlier if health.permitted => Finding::new(
            Grade::Ok,
            CHECK,
            "its tables are made or brought to today's form by the next start",
        ),
        Tables::Absent | Tables::Earlier => {
            Finding::new(Grade::Fail, CHECK, "its tables have to be made, and this user may not")
                .hint("give the user the database, or a schema that it owns")
        }
        Tables::Later => {
            Finding::new(Grade::Fail, CHECK, "its tables were written by a later version")
                .hint("use that version")
        }
    });
    findings
}
