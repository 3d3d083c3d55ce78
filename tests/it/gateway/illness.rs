//! The gateway when its LMS is ill: every illness with every deed. While it
//! lasts, the client is told to come back; when it has passed, the client's own
//! retry leaves everything as if nothing had been.

use std::time::Duration;

use super::deeds::{Deed, Scene};
use super::{Answer, House, Options};
use matricula::sandbox::{self, Fault, Latch, Moodle, Sandbox};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

/// What an LMS may suffer from.
#[derive(Clone, Copy, Debug)]
enum Illness {
    /// It is not running.
    Stopped,
    /// It takes longer than anybody waits, and then does what it was told.
    Slow,
    /// It does what it was told, and is slow to say so.
    SlowToAnswer,
    /// Words for people instead of an answer.
    Page,
    /// 200 with an error inside.
    Exception(&'static str),
    LoggedOut,
    TooMany,
    Status(u16),
    /// A proxy lost patience with an LMS that did what it was told.
    StatusAfter(u16),
    DropBefore,
    DropAfter,
    Half,
    /// It did what it was told and says nothing: PHP broke off.
    Blank,
}

impl Illness {
    fn fault(self, latch: &Latch) -> Option<Fault> {
        Some(match self {
            Self::Stopped => return None,
            Self::Slow => Fault::Held(latch.clone()),
            Self::SlowToAnswer => Fault::HeldAfter(latch.clone()),
            Self::Page => Fault::Page,
            Self::Exception(code) => Fault::Exception(code.to_owned()),
            Self::LoggedOut => Fault::LoggedOut,
            // Come back at once; `throttling` has longer pauses.
            Self::TooMany => Fault::TooMany(0),
            Self::Status(status) => Fault::Status(status),
            Self::StatusAfter(status) => Fault::StatusAfter(status),
            Self::DropBefore => Fault::DropBefore,
            Self::DropAfter => Fault::DropAfter,
            Self::Half => Fault::Half,
            Self::Blank => Fault::Instead(String::new()),
        })
    }

    fn options(self) -> Options {
        let slow = matches!(self, Self::Slow | Self::SlowToAnswer);
        let patience = Duration::from_millis(if slow { 1500 } else { 25_000 });
        // How long it is left alone afterwards is not what is asked here.
        let backend = |settings: &mut matricula::backend::Settings| {
            settings.breaker.failures = u32::MAX;
            settings.retry.reserve = 1000;
        };
        Options { backend, patience, ..Options::default() }
    }
}

/// All that is needed to bring an LMS back.
struct Stopped {
    moodle: Moodle,
    /// Keeps the port, without listening.
    _port: TcpSocket,
    address: std::net::SocketAddr,
}

async fn stop(house: &mut House) -> Stopped {
    let address = house.lms.address();
    let stand_in = Sandbox::start(sandbox::Options::default()).await.unwrap();
    let moodle = std::mem::replace(&mut house.lms, stand_in).stop().await;
    let port = TcpSocket::new_v4().unwrap();
    port.set_reuseaddr(true).unwrap();
    port.bind(address).unwrap();
    Stopped { moodle, _port: port, address }
}

async fn start(house: &mut House, stopped: Stopped) {
    let Stopped { moodle, address, _port } = stopped;
    let begin = sandbox::Options { listen: address, moodle: Some(moodle), ..Default::default() };
    house.lms = Sandbox::start(begin).await.unwrap();
}

/// Ill for as long as the client tries once; then well again.
async fn ill_for_a_while(illness: Illness, deed: Deed) {
    let cell = format!("{illness:?} × {deed:?}");
    let mut house = House::with(illness.options()).await;
    let scene = Scene::set(&house).await;
    let latch = Latch::new();
    let mut stopped = None;
    match illness.fault(&latch) {
        Some(fault) => house.lms.faults().always(None, fault),
        None => stopped = Some(stop(&mut house).await),
    }
    let answer = deed.act(&house, &scene).await;
    told_to_come_back(&cell, deed, &answer);
    match stopped {
        Some(stopped) => start(&mut house, stopped).await,
        None => house.lms.faults().clear(),
    }
    latch.release();
    house.lms.calls().settled().await;
    let answer = until_well(&cell, deed, &house, &scene).await;
    deed.check(&cell, &house, &scene, &answer).await;
}

/// Ill for one call of the deed's own.
async fn ill_for_a_moment(illness: Illness, deed: Deed) {
    let cell = format!("{illness:?} for a moment × {deed:?}");
    let house = House::with(illness.options()).await;
    let scene = Scene::set(&house).await;
    let latch = Latch::new();
    let Some(fault) = illness.fault(&latch) else { return };
    house.lms.faults().on(deed.function(), fault);
    let mut answer = deed.act(&house, &scene).await;
    assert_eq!(house.lms.faults().left(), 0, "{cell}: the fault was not met");
    latch.release();
    house.lms.calls().settled().await;
    if !deed.succeeded(&answer) {
        told_to_come_back(&cell, deed, &answer);
        answer = until_well(&cell, deed, &house, &scene).await;
    }
    deed.check(&cell, &house, &scene, &answer).await;
}

/// Clients come again after a while; here, at once.
async fn until_well(cell: &str, deed: Deed, house: &House, scene: &Scene) -> Answer {
    for _ in 0..20 {
        let answer = deed.act(house, scene).await;
        if deed.status(&answer) < 500 {
            return answer;
        }
    }
    panic!("{cell}: it never became well again")
}

fn told_to_come_back(cell: &str, deed: Deed, answer: &Answer) {
    let status = deed.status(answer);
    assert!(matches!(status, 502 | 503), "{cell}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/scim+json"), "{cell}");
    let error = deed.error(answer);
    assert_eq!(error["status"], status.to_string(), "{cell}: {answer:?}");
    assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{cell}");
    assert!(error["detail"].as_str().is_some_and(|it| it.len() > 10), "{cell}: {answer:?}");
    if deed != Deed::Bulk {
        let pause = answer.header("retry-after").and_then(|text| text.parse::<u32>().ok());
        assert!(pause.is_some_and(|pause| pause >= 1), "{cell}: {answer:?}");
    }
}

/// Every deed, at the same time, so that what waits waits together.
async fn every_deed(illness: Illness) {
    let mut cells = JoinSet::new();
    for deed in Deed::ALL {
        cells.spawn(ill_for_a_while(illness, deed));
        cells.spawn(ill_for_a_moment(illness, deed));
    }
    let mut failed = Vec::new();
    while let Some(done) = cells.join_next().await {
        if let Err(error) = done {
            let words = error.into_panic();
            failed.push(words.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    failed.sort_unstable();
    assert!(failed.is_empty(), "{} cells failed:\n{}", failed.len(), failed.join("\n"));
}

#[tokio::test]
async fn a_stopped_lms_is_not_taken_for_an_empty_one() {
    every_deed(Illness::Stopped).await;
}

#[tokio::test]
async fn an_lms_that_does_late_what_it_was_told_has_done_it_once() {
    every_deed(Illness::Slow).await;
}

#[tokio::test]
async fn an_lms_that_answers_late_has_done_it_once() {
    every_deed(Illness::SlowToAnswer).await;
}

#[tokio::test]
async fn a_page_for_people_is_no_answer() {
    every_deed(Illness::Page).await;
}

#[tokio::test]
async fn an_error_within_a_success_is_an_error() {
    for code in ["sitemaintenance", "upgraderunning", "dbconnectionfailed"] {
        every_deed(Illness::Exception(code)).await;
    }
}

#[tokio::test]
async fn a_token_that_the_lms_forgot_is_not_the_clients() {
    every_deed(Illness::LoggedOut).await;
}

#[tokio::test]
async fn an_lms_that_has_too_much_to_do_is_asked_again() {
    every_deed(Illness::TooMany).await;
}

#[tokio::test]
async fn an_error_without_words_is_no_answer() {
    for status in [500, 502, 503, 504] {
        every_deed(Illness::Status(status)).await;
    }
}

#[tokio::test]
async fn a_deed_behind_a_bad_gateway_is_found() {
    for status in [502, 504] {
        every_deed(Illness::StatusAfter(status)).await;
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again() {
    every_deed(Illness::DropBefore).await;
}

#[tokio::test]
async fn a_deed_whose_answer_was_lost_is_found() {
    every_deed(Illness::DropAfter).await;
}

#[tokio::test]
async fn a_deed_with_half_an_answer_is_found() {
    every_deed(Illness::Half).await;
}

#[tokio::test]
async fn an_answer_without_a_word_is_no_success() {
    every_deed(Illness::Blank).await;
}
