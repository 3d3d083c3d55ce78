//! Who starts the gateways, and kills them: each time after some operations were
//! done, and in the midst of others.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::super::crash::{Gateway, mode};
use super::life::Life;
use super::{Dice, Plan, SHARE};

/// How many are killed one right after the other where there are several: nobody
/// writes until those who live know who is dead, and that takes time once.
const BURST: usize = 8;

/// Whoever starts the gateways, and kills them.
pub(super) struct Killer<'a> {
    life: &'a Life,
    folder: &'a Path,
    plan: &'a Plan,
    dice: Dice,
    gateways: Vec<Option<Gateway>>,
}

/// Whoever asks a process that did not start would ask for ever.
impl Drop for Killer<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.life.is_spoilt();
        }
    }
}

impl<'a> Killer<'a> {
    /// All of them are up.
    pub(super) fn new(life: &'a Life, folder: &'a Path, plan: &'a Plan) -> Self {
        let gateways = (0..plan.gateways).map(|_| None).collect();
        let mut new = Self { life, folder, plan, dice: Dice(7), gateways };
        (0..plan.gateways).for_each(|number| new.start(number));
        new
    }

    /// Kills so often, and sees to it that what is begun is done in the end.
    pub(super) fn work(mut self) -> Vec<Option<Gateway>> {
        let mut left = self.plan.kills;
        while left > 0 && !self.life.is_over() {
            let many = match self.dice.below(2) {
                _ if self.plan.gateways == 1 => 1,
                0 => self.plan.gateways,
                _ => BURST.min(left),
            };
            let more = self.dice.below((2 * SHARE * many) as u64);
            self.life.after(usize::try_from(more).unwrap());
            // Anywhere within a request.
            self.pause(4000);
            if many == self.plan.gateways {
                self.all();
            } else {
                (0..many).for_each(|_| self.one());
            }
            left = left.saturating_sub(many);
        }
        if self.plan.modes.len() > 1 {
            mode(self.folder, "sync");
            (0..self.plan.gateways).for_each(|number| self.again(number));
        }
        self.life.ends_after(self.plan.kills * SHARE);
        std::mem::take(&mut self.gateways)
    }

    fn all(&mut self) {
        (0..self.plan.gateways).for_each(|number| self.kill(number));
        (0..self.plan.gateways).for_each(|number| self.start(number));
    }

    /// One of several. Whoever dies then finds the others still waiting for the
    /// one before.
    fn one(&mut self) {
        let number = usize::try_from(self.dice.below(self.plan.gateways as u64)).unwrap();
        self.kill(number);
        self.start(number);
        self.pause(200_000);
    }

    fn pause(&mut self, most: u64) {
        thread::park_timeout(Duration::from_micros(self.dice.below(most)));
    }

    fn kill(&mut self, number: usize) {
        self.gateways[number].take().unwrap().kill();
        self.life.moved(number, None);
    }

    fn start(&mut self, number: usize) {
        let one = usize::try_from(self.dice.below(self.plan.modes.len() as u64)).unwrap();
        mode(self.folder, self.plan.modes[one]);
        self.begin(number);
    }

    fn again(&mut self, number: usize) {
        self.kill(number);
        self.begin(number);
    }

    fn begin(&mut self, number: usize) {
        let gateway = Gateway::start(self.folder, "");
        self.life.moved(number, Some(&gateway));
        self.gateways[number] = Some(gateway);
    }
}
