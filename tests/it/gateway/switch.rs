//! A whole school written dry, and then for good: the LMS comes to hold what it would
//! hold if it had been written at once, and ids stay.

use http::Method;
use matricula::policy::{Mode, Rules};
use serde_json::Value;

use super::cycle::{Door, first_cycle, held, size, told};
use super::house::writes_through;
use super::{House, Options};

/// The way into a house.
pub(crate) fn door(house: &House) -> impl Door {
    async move |method: &'static str, path: String, body: Value| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let body = (!body.is_null()).then_some(body);
        let answer = house.send(method, &path, body, &[]).await;
        (answer.status, answer.body)
    }
}

#[tokio::test]
async fn a_school_written_dry_is_written_as_if_it_had_been_at_once() {
    let at_once = House::open().await;
    first_cycle(&door(&at_once)).await;
    let dry = Rules { mode: Mode::DryRun, ..writes_through() };
    let mut house = House::with(Options { policy: dry, ..Options::default() }).await;
    let nobody = held(&house.lms);
    let ids = first_cycle(&door(&house)).await;
    let before = told(&door(&house), &ids).await;
    assert_eq!(held(&house.lms), nobody, "nothing reaches the LMS");
    let (people, groups, _) = size();
    // The process ends again and again, and begins anew with what is kept.
    let mut lives = 0;
    while house.under(writes_through()).round().await.unwrap().begun > 0 {
        lives += 1;
    }
    assert!(lives > people / 64, "{lives}");
    assert_eq!(held(&house.lms), held(&at_once.lms));
    assert_eq!(house.lms.calls().of("core_user_create_users"), people as u64, "each once");
    assert_eq!(house.lms.calls().of("core_cohort_create_cohorts"), groups as u64);
    assert_eq!(told(&door(&house), &ids).await, before, "and nobody was told otherwise");
}
