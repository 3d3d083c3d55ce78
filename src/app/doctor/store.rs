//! What the store says: whether it is there, and would take what is written.

use std::path::Path;

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
    match std::fs::metadata(folder) {
        Ok(about) if about.is_dir() && !about.permissions().readonly() => {
            let state = if path.exists() { "is there" } else { "is made by the first start" };
            Finding::new(Grade::Ok, CHECK, format!("{shown} {state}"))
        }
        Ok(_) => Finding::new(Grade::Fail, CHECK, format!("nothing can be written beside {shown}"))
            .hint("set `store.path` to a file in a folder that the gateway's user may write"),
        Err(error) => Finding::new(Grade::Fail, CHECK, format!("{}: {error}", folder.display()))
            .hint("make the folder, and give it to the gateway's user"),
    }
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
