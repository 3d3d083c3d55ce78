//! What a failure of the server means, in words that say what to do.

use std::error::Error as _;

use deadpool_postgres::{HookError, PoolError, TimeoutType};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// What a failed statement or connection means.
pub(super) fn words(error: &Error) -> String {
    let Some(fault) = error.as_db_error() else {
        return match error.source() {
            Some(reason) => format!("{error}: {}", chain(reason)),
            None => error.to_string(),
        };
    };
    let hint = match fault.code() {
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check user and password in `store.postgres`, and the server's pg_hba.conf"
        }
        &SqlState::INVALID_CATALOG_NAME => "make the database: createdb",
        &SqlState::INSUFFICIENT_PRIVILEGE => {
            "the user needs the right to create its schema, or to be that schema's owner"
        }
        &SqlState::READ_ONLY_SQL_TRANSACTION => {
            "the server takes no writes: name the primary, or all servers with \
             target_session_attrs=read-write in `url`"
        }
        &SqlState::DISK_FULL => "the server's disk is full: make room there",
        &SqlState::TOO_MANY_CONNECTIONS => {
            "raise max_connections of the server, or lower `store.postgres.connections`"
        }
        &SqlState::QUERY_CANCELED => {
            "the server took too long: see what holds it up, or raise `store.postgres.statement`"
        }
        &SqlState::LOCK_NOT_AVAILABLE => {
            "another session holds a lock on our tables: see pg_stat_activity"
        }
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => "it is tried again with the next one",
        _ => "the server's log says more",
    };
    // The message alone: details may quote what people wrote.
    format!("{} ({}); {hint}", fault.message(), fault.code().code())
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(reason) => format!("{error}: {}", chain(reason)),
        None => error.to_string(),
    }
}

/// Why there is no connection.
pub(super) fn unconnected(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            words(error)
        }
        PoolError::Timeout(TimeoutType::Wait) => {
            "all connections are busy; raise `store.postgres.connections`".to_owned()
        }
        PoolError::Timeout(_) => {
            "no connection came about in time; check that the server runs, and the firewalls in \
             between"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// Whether the connection broke, rather than the statement: another one may do.
pub(super) fn broken(error: &Error) -> bool {
    let class = error.code().map(|code| code.code().get(..2).unwrap_or_default());
    let on_the_way = || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    match class {
        Some(class) => {
            class == "08" || class == "57" && error.code() != Some(&SqlState::QUERY_CANCELED)
        }
        None => error.is_closed() || on_the_way(),
    }
}

/// Whether the connection is of no more use: broken, or to a server that has ceased
/// to be the one that takes writes.
pub(super) fn ends_connection(error: &Error) -> bool {
    broken(error) || error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
}
