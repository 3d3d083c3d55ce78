//! Lists before an LMS that shows its people in pages, and says how many there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use matricula::backend;
use matricula::clock::Clock;
use matricula::mapping::{Shipped, Source};
use matricula::provision::{self, Config, Ledger, Lms, Tenant};
use matricula::scim::{Kind, Parameters, ResourceId, ResourceType};
use matricula::store::{Entry, Key, Memory, Store};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const EVERYBODY: usize = 1000;

/// So many are on a page, the LMS's and the client's.
const PAGE: usize = 100;

/// Its address, and how often it was asked.
async fn lms_in_pages() -> (String, Arc<AtomicUsize>) {
    lms_up_to(usize::MAX).await
}

/// The same, where what lies behind a page cannot be reached: it comes again instead.
async fn lms_up_to(last: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let calls = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            calls.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(answer(socket, last));
        }
    });
    (url, asked)
}

/// One call is one connection.
async fn answer(mut socket: TcpStream, last: usize) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let number = head.split("page=").nth(1).unwrap();
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    let body = page(number.parse::<usize>().unwrap().min(last)).to_string();
    let length = body.len();
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    socket.write_all(text.as_bytes()).await.unwrap();
}

fn page(number: usize) -> Value {
    let first = (number - 1) * PAGE;
    let user = |at| json!({ "id": format!("u{at:04}"), "login": format!("l{at}"), "active": true });
    let items: Vec<_> = (first..EVERYBODY.min(first + PAGE)).map(user).collect();
    json!({ "items": items, "total": EVERYBODY })
}

/// A tenant before that LMS.
fn tenant(url: &str, memory: &Memory) -> Arc<Tenant> {
    let text = include_str!("../../../mappings/minimal-rest.toml");
    let text = text.replacen("[user]\n", "[user]\nscan = true\n", 1);
    let plan = Arc::new(Source::read("minimal-rest", &text, &Shipped).unwrap().compile().unwrap());
    let settings = json!({ "base_url": url, "token": "t" });
    let site = plan.settle(settings.as_object().unwrap()).unwrap();
    let settings = backend::Settings::new("demo", site.base("main").unwrap());
    let registry = prometheus::Registry::new();
    let metrics = backend::Metrics::register(&registry).unwrap();
    let house = backend::House { clock: Clock::system(), metrics };
    let lms = Lms::open(site, &[("main".into(), settings)], &house).unwrap();
    let house = provision::House {
        clock: Clock::system(),
        metrics: provision::Metrics::register(&registry).unwrap(),
        work: tokio_util::task::TaskTracker::new(),
        trail: memory.trail(&Key::fresh().unwrap()),
    };
    let ledger = Ledger::of(memory, &"demo".into());
    Tenant::new("demo".into(), lms, ledger, Config::default(), &house)
}

/// How many a client finds that reads page after page.
async fn read_through(tenant: &Arc<Tenant>) -> usize {
    let mut seen = 0;
    for page in 0..EVERYBODY / PAGE {
        let (start, count) = ((page * PAGE + 1).to_string(), PAGE.to_string());
        let pairs = [("startIndex", start.as_str()), ("count", count.as_str())];
        let query = Parameters::from_pairs(pairs).unwrap().bind(&ResourceType::user()).unwrap();
        seen += tenant.list(Kind::User, &query, false).await.unwrap().views.len();
    }
    seen
}

#[tokio::test]
async fn who_reads_page_after_page_has_everybody_read_once() {
    let (url, asked) = lms_in_pages().await;
    assert_eq!(read_through(&tenant(&url, &Memory::new())).await, EVERYBODY);
    // The first page alone, for there may be nobody who wants more.
    assert_eq!(asked.load(Ordering::Relaxed), 1 + EVERYBODY / PAGE);
}

#[tokio::test]
async fn one_who_is_not_shown_does_not_have_everybody_read_for_each_page() {
    let ((url, asked), memory) = (lms_in_pages().await, Memory::new());
    let now = Clock::system().now();
    let plain = Entry::plain(Kind::User, ResourceId::parse("u0005").unwrap(), now);
    memory.entries(&"demo".into()).put(Entry { gone: Some(now), ..plain }).await.unwrap();
    assert_eq!(read_through(&tenant(&url, &memory)).await, EVERYBODY - 1);
    assert_eq!(asked.load(Ordering::Relaxed), EVERYBODY / PAGE);
}

/// Who would believe it would make a twin of whoever was not shown.
#[tokio::test]
async fn nobody_found_among_some_is_no_proof_that_there_is_nobody() {
    for (last, known) in [(2, false), (usize::MAX, true)] {
        let (url, _) = lms_up_to(last).await;
        let filter = [("filter", r#"name.familyName eq "Nobody""#)];
        let query = Parameters::from_pairs(filter).unwrap().bind(&ResourceType::user()).unwrap();
        let found = tenant(&url, &Memory::new()).list(Kind::User, &query, false).await;
        match found {
            Ok(found) => assert!(known && found.views.is_empty()),
            Err(error) => assert_eq!((known, error.to_scim().status()), (false, 502)),
        }
    }
}
