//! The log as its reader sees it.

use super::*;
use crate::behalf;
use crate::config::Format;
use http::HeaderValue;
use jiff::Timestamp;
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use tracing_subscriber::{Layer, fmt};

/// Takes what is written; each write waits for a permit if there are any to wait for.
#[derive(Clone, Default)]
struct Paper {
    text: Arc<Mutex<Vec<u8>>>,
    permits: Option<Arc<Mutex<Receiver<()>>>>,
    begun: Option<Sender<()>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(begun) = &self.begun {
            begun.send(()).unwrap();
        }
        if let Some(permits) = &self.permits {
            // No permit will ever come once the test is over.
            let _ = permits.lock().unwrap().recv();
        }
        self.text.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn read(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

/// What `talk` logs, as it stands on paper.
fn logged(format: Format, filter: &str, talk: impl FnOnce()) -> String {
    let paper = Paper::default();
    let outlet = Arc::new(Outlet::open(paper.clone()).unwrap());
    let (clock, _) = Clock::by_hand(Timestamp::from_millisecond(1_700_000_000_123).unwrap());
    let settings = Log { format, filter: filter.to_owned(), ..Log::default() };
    let (subscriber, _handle) = subscriber(&settings, &clock, &outlet).unwrap();
    tracing::subscriber::with_default(subscriber, talk);
    outlet.flush();
    paper.read()
}

#[test]
fn text_begins_with_the_time_in_utc() {
    let text = logged(Format::Text, "info", || tracing::info!(tenant = "demo", "ready"));
    assert_eq!(
        text,
        "2023-11-14T22:13:20.123000Z  INFO matricula::app::log::tests: ready tenant=\"demo\"\n"
    );
}

/// Something that is done on behalf of a request.
fn on_behalf(id: &'static str, deed: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(behalf::of(HeaderValue::from_static(id), async { deed() }));
}

#[test]
fn text_names_the_request_before_the_module() {
    let text = logged(Format::Text, "info", || {
        on_behalf("7f", || tracing::warn!(status = 503, "slow"));
    });
    let rest = "request{id=7f}: matricula::app::log::tests: slow status=503\n";
    assert_eq!(text, format!("2023-11-14T22:13:20.123000Z  WARN {rest}"));
}

#[test]
fn json_has_the_fields_beside_the_message_and_the_request_under_span() {
    let text = logged(Format::Json, "info", || {
        on_behalf("7f", || tracing::warn!(status = 503, "slow"));
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    let span = json!({ "name": "request", "id": "7f" });
    assert_eq!(line["timestamp"], "2023-11-14T22:13:20.123000Z");
    assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"slow".into()));
    assert_eq!((&line["status"], &line["span"]), (&503.into(), &span));
}

/// All kinds of values.
fn talk() {
    let cause = io::Error::other(Fault::from(io::Error::other("within")));
    let cause: &dyn std::error::Error = &cause;
    tracing::info!(plain = "a b", quoted = r#""a" \ b"#, umlaut = "ä", bell = "\u{7}", "said");
    tracing::error!(number = 7_u64, small = 7_u16, signed = -7, truth = true, shown = %"a\"b");
    tracing::debug!(message = "first", absent = None::<&str>, present = Some("x"), cause);
    tracing::trace!(half = 0.5, whole = 1.0, huge = u128::MAX, list = ?["a", "ä"]);
    tracing::warn!(r#type = "t", r#final = 1_u64, "{} and {}", "this", 5);
}

fn usual<L>(layer: impl FnOnce(Paper) -> L) -> String
where
    L: Layer<Spans> + Send + Sync,
{
    let paper = Paper::default();
    tracing::subscriber::with_default(Spans::default().with(layer(paper.clone())), talk);
    paper.read()
}

#[test]
fn text_is_written_as_everybody_writes_it() {
    let usual = usual(|paper| {
        fmt::layer().without_time().with_ansi(false).with_writer(move || paper.clone())
    });
    let ours = logged(Format::Text, "trace", talk);
    let ours: Vec<&str> = ours.lines().map(|line| line.split_once('Z').unwrap().1).collect();
    assert_eq!(ours, usual.lines().map(|line| format!(" {line}")).collect::<Vec<_>>());
    assert!(usual.contains(r#"plain="a b""#) && usual.contains("within"), "{usual}");
}

#[test]
fn json_is_written_as_everybody_writes_it() {
    let usual = usual(|paper| {
        let layer = fmt::layer().json().flatten_event(true).without_time();
        layer.with_writer(move || paper.clone())
    });
    let read = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut ours = read(&logged(Format::Json, "trace", talk));
    for line in &mut ours {
        line.as_object_mut().unwrap().remove("timestamp").unwrap();
    }
    assert_eq!(ours, read(&usual));
}

#[test]
fn a_second_is_told_to_the_microsecond() {
    let (clock, hand) = Clock::by_hand("2026-02-28T23:59:59.007Z".parse().unwrap());
    let told = || {
        let mut line = String::new();
        lines::write_time(clock.now(), &mut line);
        line
    };
    assert_eq!(told(), "2026-02-28T23:59:59.007000Z");
    hand.advance(std::time::Duration::from_millis(992));
    assert_eq!(told(), "2026-02-28T23:59:59.999000Z");
    hand.advance(std::time::Duration::from_millis(1));
    assert_eq!(told(), "2026-03-01T00:00:00.000000Z");
}

#[test]
fn a_value_with_line_ends_makes_no_second_line() {
    let said = "gone\r\n2023-11-14T22:13:20Z  INFO all is well";
    let text = logged(Format::Text, "info", || tracing::error!(error = %said, "broken"));
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains(r"gone\r\n2023") && text.ends_with("well\n"), "{text}");
}

#[test]
fn what_controls_a_terminal_is_shown_and_not_done() {
    let said = "\u{1b}[2J\t\u{9b}1m\u{7f}ä";
    let text = logged(Format::Text, "info", || tracing::error!(shown = %said, "{said}"));
    let shown = "\\x1b[2J\t\\u{9b}1m\\x7fä";
    assert!(text.ends_with(&format!(": {shown} shown={shown}\n")), "{text}");
    let text = logged(Format::Json, "info", || tracing::error!(shown = %said, "said"));
    assert!(text.contains(r"\u001b[2J\t") && text.lines().count() == 1, "{text}");
}

#[test]
fn the_filter_goes_by_module() {
    let text = logged(Format::Text, "warn,matricula::app=debug", || {
        tracing::debug!("near");
        tracing::info!(target: "elsewhere", "far");
        tracing::warn!(target: "elsewhere", "loud");
    });
    assert!(text.contains("near") && text.contains("loud") && !text.contains("far"), "{text}");
}

#[test]
fn a_filter_that_makes_no_sense_is_refused_in_its_own_words() {
    let fault = filter("info,matricula=loud").unwrap_err().to_string();
    assert!(fault.contains("`info,matricula=loud`") && fault.contains("hint:"), "{fault}");
}

#[test]
fn whoever_logs_does_not_wait_for_the_writer_and_what_does_not_fit_is_counted() {
    let (permit, permits) = channel();
    let (begun, begins) = channel();
    let paper = Paper {
        permits: Some(Arc::new(Mutex::new(permits))),
        begun: Some(begun),
        ..Paper::default()
    };
    let outlet = Outlet::open(paper.clone()).unwrap();
    outlet.put(b"first\n");
    begins.recv().unwrap();
    // The writer is stuck with the first line; 4 MiB fit behind it.
    let line = vec![b'x'; 1024 * 1024];
    (0..6).for_each(|_| outlet.put(&line));
    assert_eq!(outlet.lost().get(), 2);
    assert_eq!(paper.read(), "");
    (0..2).for_each(|_| permit.send(()).unwrap());
    outlet.flush();
    assert_eq!(paper.read().len(), 6 + 4 * 1024 * 1024);
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outlet = Outlet::open(Broken).unwrap();
    outlet.put(b"one\n");
    outlet.flush();
    outlet.put(b"two\nthree\n");
    outlet.flush();
    assert_eq!(outlet.lost().get(), 3);
}

/// The log is of the whole process, so this runs in one of its own.
#[test]
fn a_panic_is_an_error_event_and_the_last_lines_are_not_lost() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["app::log::tests::a_process_that_logs", "--exact", "--ignored", "--nocapture"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(child.stderr).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [hidden, panic, seen] = &lines[..] else { panic!("{text}") };
    assert_eq!(hidden["message"], "before");
    assert_eq!((&panic["level"], &panic["target"]), (&"ERROR".into(), &"panic".into()));
    assert_eq!((&panic["message"], &panic["thread"]), (&"oh no".into(), &"unlucky".into()));
    assert!(panic["place"].as_str().unwrap().contains("src/app/log/tests.rs:"), "{text}");
    assert_eq!(seen["message"], "after");
}

#[test]
#[ignore = "takes over the log of its process; another test starts it in one of its own"]
fn a_process_that_logs() {
    let settings = Log { format: Format::Json, ..Log::default() };
    let guard = start(&settings).unwrap();
    assert!(matches!(start(&settings), Err(Fault::Twice)));
    tracing::debug!("not seen");
    tracing::info!("before");
    let unlucky = std::thread::Builder::new().name("unlucky".to_owned());
    unlucky.spawn(|| panic!("oh no")).unwrap().join().unwrap_err();
    guard.refilter("debug").unwrap();
    tracing::debug!("after");
    drop(guard);
}
