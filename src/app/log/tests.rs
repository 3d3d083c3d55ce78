//! The log as its reader sees it.

use super::*;
use jiff::Timestamp;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

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

#[test]
fn json_has_the_fields_beside_the_message_and_the_span_under_its_name() {
    let text = logged(Format::Json, "info", || {
        tracing::info_span!("request", id = 7).in_scope(|| tracing::warn!(status = 503, "slow"));
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["timestamp"], "2023-11-14T22:13:20.123000Z");
    assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"slow".into()));
    assert_eq!((&line["status"], &line["span"]["id"]), (&503.into(), &7.into()));
}

#[test]
fn fields_are_written_as_they_would_be_without_us() {
    let talk = || {
        let cause: &dyn std::error::Error = &io::Error::other(Fault::Twice);
        tracing::info!(plain = "a b", quoted = r#""a" \ b"#, umlaut = "ä", bell = "\u{7}", "said");
        tracing::info!(number = 7_u64, small = 7_u16, signed = -7, truth = true, shown = %"a\"b");
        tracing::info!(message = "first", absent = None::<&str>, present = Some("x"), cause);
        let span =
            tracing::info_span!("request", id = %7, title = "x", late = tracing::field::Empty);
        span.record("late", "y");
        span.in_scope(|| tracing::info!(r#type = "t", r#final = 1_u64));
    };
    let written = |layer: fn(Paper) -> Box<dyn Layer<Spans> + Send + Sync>| {
        let paper = Paper::default();
        tracing::subscriber::with_default(Spans::default().with(layer(paper.clone())), talk);
        paper.read()
    };
    let usual = written(|paper| {
        fmt::layer().without_time().with_ansi(false).with_writer(move || paper.clone()).boxed()
    });
    let ours = written(|paper| {
        let layer = fmt::layer().without_time().with_ansi(false);
        layer.fmt_fields(Pairs).with_writer(move || paper.clone()).boxed()
    });
    assert_eq!(ours, usual);
    assert!(usual.contains(r#"plain="a b""#) && usual.contains("number=7"), "{usual}");
}

#[test]
fn a_value_with_line_ends_makes_no_second_line() {
    let said = "gone\r\n2023-11-14T22:13:20Z  INFO all is well";
    let text = logged(Format::Text, "info", || tracing::error!(error = %said, "broken"));
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains(r"gone\r\n2023") && text.ends_with("well\n"), "{text}");
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
