//! What may happen: the steps of a walk, and how they are thrown.

use super::rules::{Law, Rule};

/// So many people and groups there are in the directory.
pub(super) const PEOPLE: u64 = 5;
pub(super) const GROUPS: u64 = 2;

/// One thing that happens. Plain values: a walk can be told again, and be made shorter.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The client creates somebody whom it believes not to be there.
    Post(usize),
    /// It sends the last write once more, for it has not heard the answer.
    Again,
    /// It changes one attribute of somebody, perhaps to a value that another has.
    Patch(usize, Field, u64),
    /// It changes two of them at once.
    PatchBoth(usize, [(Field, u64); 2]),
    /// Two people get each other's user name, by way of a third.
    Swap(usize, usize),
    Put(usize, u64),
    Delete(usize),
    /// Another person of the same names takes the place of one who left.
    Succeed(usize),
    Get(usize),
    Find(usize, Field),
    List,
    GroupPost(usize, Vec<usize>),
    GroupAdd(usize, Vec<usize>),
    GroupRemove(usize, Vec<usize>),
    GroupReplace(usize, Vec<usize>),
    GroupRename(usize, u64),
    GroupDelete(usize),
    GroupGet(usize),
    /// The LMS falls ill: for so many calls of one function, or of all, or until it is well.
    Ill(Illness, Option<&'static str>, u64),
    Well,
    /// The token loses a right.
    Hide(u64),
    Show,
    /// An administrator of the LMS does it by hand.
    Suspend(usize, bool),
    Erase(usize),
    Rename(usize, u64),
    Enrol(usize),
    /// An operator's word.
    Release(Law),
    Drop(Law),
    Reload(Rule),
    /// The process dies, and with it what only it knew; perhaps while it had begun work.
    Restart(bool),
    Later(u64),
    Work,
    /// The worker does what waits while the next request comes.
    Meanwhile,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Illness {
    Refused,
    Page,
    Maintenance,
    LoggedOut,
    TooMany,
    Lost,
    Cut,
    GatewayTimeout,
}

/// What of a person is told and looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    UserName,
    ExternalId,
    Mail,
    Given,
    Family,
    Nick,
    Title,
    Active,
}

impl Field {
    pub(super) const ALL: [Self; 8] = [
        Self::UserName,
        Self::ExternalId,
        Self::Mail,
        Self::Given,
        Self::Family,
        Self::Nick,
        Self::Title,
        Self::Active,
    ];

    /// Those that people are found by.
    const KEYS: [Self; 3] = [Self::UserName, Self::ExternalId, Self::Mail];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::UserName => "userName",
            Self::ExternalId => "externalId",
            Self::Mail => "emails[type eq \"work\"].value",
            Self::Given => "name.givenName",
            Self::Family => "name.familyName",
            Self::Nick => "nickName",
            Self::Title => "title",
            Self::Active => "active",
        }
    }
}

/// The same numbers with every run.
pub(super) struct Dice {
    state: u64,
    /// How many people are spoken of: the fewer, the more happens to each.
    width: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x2545_f491_4f6c_dd1d), width: PEOPLE }
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    pub(super) fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn who(&mut self) -> usize {
        usize::try_from(self.below(self.width)).unwrap()
    }

    fn group(&mut self) -> usize {
        usize::try_from(self.below(GROUPS)).unwrap()
    }

    fn some(&mut self) -> Vec<usize> {
        let many = 1 + self.below(3);
        (0..many).map(|_| self.who()).collect()
    }

    /// All steps of a walk.
    pub(super) fn walk(&mut self) -> Vec<Step> {
        self.width = self.pick(&[2, 3, PEOPLE]);
        let many = 10 + self.below(30);
        let mut steps: Vec<_> = (0..2).map(Step::Post).collect();
        steps.extend((0..many).map(|_| self.step()));
        steps
    }

    fn step(&mut self) -> Step {
        match self.below(100) {
            0..50 => self.of_client(),
            50..65 => self.of_groups(),
            65..81 => self.of_lms(),
            _ => self.of_operator(),
        }
    }

    fn of_client(&mut self) -> Step {
        match self.below(20) {
            0..4 => Step::Post(self.who()),
            4 => Step::Again,
            5..9 => self.patch(),
            9 => Step::PatchBoth(self.who(), [0; 2].map(|_| self.edit())),
            10..12 => Step::Patch(self.who(), Field::Active, self.below(2)),
            12 => Step::Swap(self.who(), self.who()),
            13 => Step::Put(self.who(), self.below(4)),
            14..17 => Step::Delete(self.who()),
            17 => Step::Succeed(self.who()),
            18 => Step::Get(self.who()),
            _ if self.one_in(3) => Step::List,
            _ => Step::Find(self.who(), self.pick(&Field::KEYS)),
        }
    }

    fn edit(&mut self) -> (Field, u64) {
        (self.pick(&Field::ALL), self.below(self.width + 2))
    }

    fn patch(&mut self) -> Step {
        let (field, value) = self.edit();
        Step::Patch(self.who(), field, value)
    }

    fn of_groups(&mut self) -> Step {
        match self.below(12) {
            0..3 => Step::GroupPost(self.group(), self.some()),
            3..6 => Step::GroupAdd(self.group(), self.some()),
            6..8 => Step::GroupRemove(self.group(), self.some()),
            8 => Step::GroupReplace(self.group(), self.some()),
            9 => Step::GroupRename(self.group(), self.below(3)),
            10 => Step::GroupDelete(self.group()),
            _ => Step::GroupGet(self.group()),
        }
    }

    fn of_lms(&mut self) -> Step {
        match self.below(16) {
            0..6 => self.ill(),
            6..9 => Step::Well,
            9 => Step::Hide(self.below(3)),
            10 => Step::Show,
            11 => Step::Suspend(self.who(), self.one_in(2)),
            12 => Step::Erase(self.who()),
            13 | 14 => Step::Rename(self.who(), self.below(9)),
            _ => Step::Enrol(self.who()),
        }
    }

    fn ill(&mut self) -> Step {
        use Illness::{Cut, GatewayTimeout, LoggedOut, Lost, Maintenance, Page, Refused, TooMany};
        let all = [Refused, Page, Maintenance, LoggedOut, TooMany, Lost, Cut, GatewayTimeout];
        let functions = [
            "core_user_create_users",
            "core_user_update_users",
            "core_user_delete_users",
            "core_user_get_users_by_field",
            "core_cohort_create_cohorts",
            "core_cohort_add_cohort_members",
        ];
        let function = (!self.one_in(3)).then(|| self.pick(&functions));
        let times = if self.one_in(2) { u64::MAX } else { 1 + self.below(4) };
        Step::Ill(self.pick(&all), function, times)
    }

    fn of_operator(&mut self) -> Step {
        match self.below(16) {
            0..4 => Step::Work,
            4 => Step::Meanwhile,
            5..8 => Step::Later(self.pick(&[1, 16, 41, 130, 400])),
            8..10 => Step::Release(Law::thrown(self)),
            10 => Step::Drop(Law::thrown(self)),
            11..14 => Step::Reload(Rule::thrown(self)),
            _ => Step::Restart(self.one_in(2)),
        }
    }
}
