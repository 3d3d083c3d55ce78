//! Who is made again: while the delete is held, while the LMS is away, and once more a
//! year later.

use matricula::clock::Clock;
use matricula::policy::Rules;
use matricula::sandbox::Fault;
use matricula::store::{Choice, Pending};

use super::house::writes_through;
use super::journey::nina;
use super::{House, Options};

async fn house(policy: Rules) -> House {
    House::with(Options { policy, ..Options::default() }).await
}

/// Her accounts, and whether they are disabled.
fn ninas(house: &House) -> Vec<bool> {
    let people = house.lms.people().into_iter();
    let own = people.filter(|it| it.username == "nina.berg@hoch.example" && !it.deleted);
    own.map(|it| it.suspended).collect()
}

async fn waiting(house: &House) -> Vec<Pending> {
    house.pending().page(&Choice::default(), 0, 100).await.unwrap()
}

/// As hours later: what failed is tried again, several times.
async fn later(house: &House) {
    for _ in 0..3 {
        house.work_off().await;
        house.pending().release(&Choice::default(), Clock::system().now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_create_that_waited_is_not_given_the_account_of_another() {
    let rules = Rules { outage: true, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let there = house.post("/Users", nina()).await.id().to_owned();
    house.lms.faults().always(None, Fault::Status(503));
    let twin = house.post("/Users", nina()).await;
    assert_eq!(twin.status, 201, "{twin:?}");
    house.lms.faults().clear();
    house.under(rules);
    later(&house).await;
    let told: Vec<_> = waiting(&house).await.into_iter().map(|it| it.failure.is_some()).collect();
    assert_eq!(told, [true], "it says why it waits");
    // The client takes the second one away again.
    assert_eq!(house.delete(&format!("/Users/{}", twin.id())).await.status, 204);
    later(&house).await;
    assert_eq!(house.get(&format!("/Users/{there}")).await.status, 200);
    assert_eq!(ninas(&house), [false], "the first has an account");
}
