//! Waiting for what a test decides, never for time: a latch that holds one kind
//! of fault, and the race between the check and the write of a create.

use tokio::sync::watch;

/// Holds whoever comes until it is released; then it stays open.
#[derive(Clone, Debug)]
pub struct Latch(watch::Sender<Held>);

#[derive(Debug, Default)]
struct Held {
    open: bool,
    arrived: usize,
}

impl Default for Latch {
    fn default() -> Self {
        Self::new()
    }
}

impl Latch {
    /// A latch that is shut.
    pub fn new() -> Self {
        Self(watch::Sender::new(Held::default()))
    }

    /// Lets everybody go on, now and later.
    pub fn release(&self) {
        self.0.send_modify(|held| held.open = true);
    }

    /// Waits until that many have come.
    pub async fn arrived(&self, count: usize) {
        // The sender lives as long as the latch, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|held| held.arrived >= count).await;
    }

    pub(super) async fn pass(&self) {
        self.0.send_modify(|held| held.arrived += 1);
        let _ = self.0.subscribe().wait_for(|held| held.open).await;
    }
}

/// The moment between the check and the write of a create, which Moodle leaves
/// open to everybody. Free until a test wants it otherwise.
#[derive(Clone, Debug)]
pub struct Race(watch::Sender<Line>);

#[derive(Debug, Default)]
struct Line {
    rule: Rule,
    waiting: usize,
    started: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum Rule {
    #[default]
    Free,
    Turns(usize),
    Hold,
    Gather(usize),
}

impl Default for Race {
    fn default() -> Self {
        Self(watch::Sender::new(Line::default()))
    }
}

impl Race {
    /// Each write follows its check at once.
    pub fn free(&self) {
        self.set(Rule::Free);
    }

    /// Each call lets the others run that many turns between its check and its
    /// write. For when nobody can know how many will come.
    pub fn turns(&self, turns: usize) {
        self.set(Rule::Turns(turns));
    }

    /// Each call stops after its check until [`Race::release`].
    pub fn hold(&self) {
        self.set(Rule::Hold);
    }

    /// Each call stops after its check until that many stand there; then they
    /// all write, and the next that many are waited for.
    pub fn gather(&self, count: usize) {
        self.set(Rule::Gather(count));
    }

    /// Waits until that many calls have checked and not written.
    pub async fn arrived(&self, count: usize) {
        let _ = self.0.subscribe().wait_for(|line| line.waiting >= count).await;
    }

    /// Lets those who stand there write. Who comes later stops again.
    pub fn release(&self) {
        self.0.send_modify(Line::start);
    }

    fn set(&self, rule: Rule) {
        self.0.send_modify(|line| {
            line.rule = rule;
            line.start();
        });
    }

    pub(super) async fn pass(&self) {
        let mut heard = self.0.subscribe();
        let (mut turns, mut ticket) = (0, None);
        self.0.send_modify(|line| match line.rule {
            Rule::Free => {}
            Rule::Turns(count) => turns = count,
            Rule::Hold | Rule::Gather(_) => {
                ticket = Some(line.started);
                line.waiting += 1;
                if matches!(line.rule, Rule::Gather(count) if line.waiting >= count) {
                    line.start();
                }
            }
        });
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if let Some(ticket) = ticket {
            let _ = heard.wait_for(|line| line.started != ticket).await;
        }
    }
}

impl Line {
    fn start(&mut self) {
        self.waiting = 0;
        self.started += 1;
    }
}
