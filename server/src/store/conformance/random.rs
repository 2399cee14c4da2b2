//! Random sequences of operations: a store answers each as the memory store does.

use taskyard_shared::job::{JobId, JobState, Progress};
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::TestYard;
use super::yard::{completed, failed, file, job};
use crate::store::MemoryStore;
use crate::store::ops::{AttemptEnd, QueueSettings, WriteOp};

const SEQUENCES: u64 = 12;
const BATCHES: usize = 60;

/// SplitMix64: small, seeded, and the same everywhere.
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn queue(&mut self) -> &'static str {
        ["demo", "photos", "mail"][self.below(3) as usize]
    }

    fn id(&mut self) -> JobId {
        JobId(self.below(60))
    }

    fn attempt(&mut self) -> u32 {
        1 + self.below(2) as u32
    }

    fn end(&mut self) -> AttemptEnd {
        match self.below(4) {
            0 => failed(&"bad luck ".repeat(self.below(40) as usize)),
            1 => AttemptEnd::Released,
            _ => completed(),
        }
    }

    fn op(&mut self) -> WriteOp {
        match self.below(14) {
            0..=2 => {
                let jobs = (0..self.below(4)).map(|_| self.job()).collect();
                WriteOp::Insert { jobs }
            }
            3..=5 => WriteOp::Claim { queue: self.queue().into(), limit: self.below(5) as u32 },
            6..=8 => {
                let artifacts =
                    (0..self.below(3)).map(|place| file(["a", "b"][place as usize], 'c')).collect();
                WriteOp::Finish { id: self.id(), attempt: self.attempt(), end: self.end(), artifacts }
            }
            9 => {
                let report = |random: &mut Self| {
                    let progress = Progress::from_thousandths(random.below(3) as u16 * 300);
                    (random.id(), random.attempt(), progress)
                };
                WriteOp::Progress { reports: (0..6).map(|_| report(self)).collect() }
            }
            10 => WriteOp::Cancel { id: self.id() },
            11 => WriteOp::Retry { id: self.id() },
            12 => WriteOp::Clear {
                queue: (self.below(2) == 0).then(|| self.queue().to_owned()),
                finished_by_ms: 900 + self.below(150) as i64,
                limit: self.below(4) as u32,
            },
            _ => {
                let settings =
                    QueueSettings { concurrency: 1 + self.below(2) as u32, paused: self.below(2) == 0 };
                WriteOp::ConfigureQueue { queue: self.queue().into(), settings }
            }
        }
    }

    fn job(&mut self) -> crate::store::JobInsert {
        let mut insert = job(self.queue(), ["sun", "moon"][self.below(2) as usize]);
        // One in a while is refused, and its whole batch with it.
        insert.inputs = match self.below(12) {
            0 => vec![file("same", 'a'), file("same", 'b')],
            1..=3 => vec![file("in", 'a')],
            _ => Vec::new(),
        };
        insert
    }

    fn query(&mut self) -> JobsQuery {
        let start = match self.below(3) {
            0 => WindowStart::Top,
            1 => WindowStart::After { id: self.id() },
            _ => WindowStart::Offset { rows: self.below(40) },
        };
        let filter = JobFilter {
            states: (0..self.below(3)).map(|_| JobState::ALL[self.below(5) as usize]).collect(),
            kind: None,
            queue: (self.below(3) == 0).then(|| self.queue().to_owned()),
            text: ["", "", "SUN", "luck"][self.below(4) as usize].to_owned(),
        };
        let sort = [SortOrder::Newest, SortOrder::Oldest][self.below(2) as usize];
        JobsQuery { filter, sort, start, limit: 1 + self.below(20) as u32 }
    }
}

/// `open` gives a fresh store for each sequence.
pub fn answers_what_memory_answers(open: impl Fn() -> TestYard) {
    for seed in 1..=SEQUENCES {
        let mut random = Random(seed);
        let mut tested = open();
        let mut model = TestYard::new(MemoryStore::new(), ());
        for _ in 0..BATCHES {
            step(&mut random, &mut tested, &mut model, seed);
        }
        tested.assert_counts_are_exact();
        for id in 0..80 {
            let id = JobId(id);
            assert_eq!(tested.reader.job(id).unwrap(), model.reader.job(id).unwrap(), "seed {seed}");
        }
    }
}

/// One batch on both, and now and then a crash; then both are looked at.
fn step(random: &mut Random, tested: &mut TestYard, model: &mut TestYard, seed: u64) {
    let ops: Vec<_> = (0..1 + random.below(6)).map(|_| random.op()).collect();
    match (tested.try_apply(&ops), model.try_apply(&ops)) {
        (Ok(tested), Ok(model)) => assert_eq!(tested, model, "seed {seed}: {ops:#?}"),
        (Err(_), Err(_)) => {}
        (tested, model) => panic!("seed {seed}: {tested:?} and {model:?} after {ops:#?}"),
    }
    if random.below(20) == 0 {
        let now_ms = tested.now_ms;
        let lost = tested.writer.recover_lost(2, now_ms).unwrap();
        assert_eq!(lost, model.writer.recover_lost(2, now_ms).unwrap(), "seed {seed}");
    }
    assert_eq!(tested.writer.load().unwrap(), model.writer.load().unwrap(), "seed {seed}");
    let query = random.query();
    assert_eq!(tested.list(&query), model.list(&query), "seed {seed}: {query:?}");
}
