//! On behalf of which request something is done. The log names it, however far from
//! the request a line is written.
//!
//! A span of `tracing` would tell the same, and costs each request as much as its line
//! in the log does.

use std::future::Future;

use http::HeaderValue;
use tokio::task_local;

task_local! {
    static REQUEST: Option<HeaderValue>;
}

/// Does something on behalf of the request of that id.
pub(crate) fn of<F: Future>(id: HeaderValue, deed: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(Some(id), deed)
}

/// Takes the request along to where something else runs.
pub(crate) fn kept<F: Future>(deed: F) -> impl Future<Output = F::Output> {
    let request = REQUEST.try_with(Clone::clone).ok().flatten();
    REQUEST.scope(request, deed)
}

/// Tells of the request, if there is one.
pub(crate) fn named(tell: impl FnOnce(&str)) {
    let request = REQUEST.try_with(Clone::clone).ok().flatten();
    if let Some(Ok(id)) = request.as_ref().map(HeaderValue::to_str) {
        tell(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Option<String> {
        let mut name = None;
        named(|id| name = Some(id.to_owned()));
        name
    }

    #[tokio::test]
    async fn a_request_is_known_to_all_that_is_done_for_it_and_to_nothing_else() {
        let deed = async {
            let kept = tokio::spawn(kept(async { name() })).await.unwrap();
            let lost = tokio::spawn(async { name() }).await.unwrap();
            (name(), kept, lost)
        };
        let told = of(HeaderValue::from_static("7"), deed).await;
        assert_eq!(told, (Some("7".to_owned()), Some("7".to_owned()), None));
        assert_eq!((name(), kept(async { name() }).await), (None, None));
    }
}
