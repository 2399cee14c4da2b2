//! The pieces that every job goes through, each by itself: `cargo bench -p taskyard --bench hot`.

use std::collections::HashMap;

use divan::{Bencher, black_box};
use serde_json::json;
use taskyard::queue::core::{
    AddedBy, AttemptId, Core, CoreConfig, Decision, EndedAttempt, Input, Mode, RequestId,
};
use taskyard::shared::command::{ClientFrame, Command};
use taskyard::shared::event::ServerFrame;
use taskyard::shared::job::{JobId, JobOptions, JobSummary};
use taskyard::shared::new_job::NewJob;
use taskyard::shared::view::{JobsDelta, ViewDelta, ViewId};
use taskyard::store::writer::Ticket;
use taskyard::store::{
    AddTerms, AttemptEnd, JobInsert, KindSays, MemoryStore, OpResult, QueueSettings, SqliteStore, Store,
    StoreWriter, StoredYard, WriteOp,
};

/// Jobs in a step.
const JOBS: usize = 100;
const NOW_MS: i64 = 1_000_000;
const QUEUE: &str = "mail";

fn main() {
    divan::main();
}

fn insert() -> JobInsert {
    JobInsert {
        kind: "noop".into(),
        queue: QUEUE.into(),
        name: "noop".to_owned(),
        detail: String::new(),
        args: r#"{"payload":"taskyard taskyard taskyard taskyard taskyard taskyard taskyard taskyard"}"#
            .to_owned(),
        inputs: Vec::new(),
        priority: 0,
        run_at_ms: None,
        max_attempts: 1,
        options: JobOptions::default(),
        kind_says: KindSays::default(),
        unique: None,
        after: Vec::new(),
        takes_results: false,
        number: 0,
    }
}

fn configure() -> WriteOp {
    WriteOp::ConfigureQueue { queue: QUEUE.into(), settings: QueueSettings::with_concurrency(JOBS as u32) }
}

fn add() -> WriteOp {
    WriteOp::Insert { jobs: vec![insert(); JOBS], terms: AddTerms::default() }
}

fn claim() -> WriteOp {
    WriteOp::Claim { queue: QUEUE.into(), limit: JOBS as u32, oldest: 0, kinds: None }
}

/// A writer with a queue in which jobs wait.
fn waiting(store: &dyn Store) -> Box<dyn StoreWriter> {
    let mut writer = store.writer().expect("a store has one writer");
    writer.apply(&[configure(), add()], NOW_MS).expect("a fresh store takes jobs");
    writer
}

/// With its commit, which is on the disk.
#[divan::bench]
fn claim_100_sqlite(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| {
            let folder = tempfile::tempdir_in(".").expect("a folder can be made here");
            let store = SqliteStore::open(folder.path()).expect("a fresh folder can be opened");
            (waiting(&store), store, folder)
        })
        .bench_local_refs(|(writer, _, _)| writer.apply(&[claim()], NOW_MS));
}

#[divan::bench]
fn claim_100_memory(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| waiting(&MemoryStore::new()))
        .bench_local_refs(|writer| writer.apply(&[claim()], NOW_MS));
}

/// A core with a hundred jobs at work, and their ends.
struct AtWork {
    core: Core,
    ends: Vec<EndedAttempt>,
}

impl AtWork {
    fn new() -> Self {
        let mut writer = MemoryStore::new().writer().expect("a store has one writer");
        let settings = QueueSettings::with_concurrency(JOBS as u32);
        let config = CoreConfig { queue_defaults: HashMap::new(), other_queues: settings, kinds: None };
        let (mut core, _) =
            Core::rebuild(config, StoredYard::default(), Vec::new(), 0, Mode::default(), NOW_MS);
        let jobs = vec![insert(); JOBS];
        let (request, terms, by) = (RequestId(1), AddTerms::default(), AddedBy::Caller);
        let decisions = core.apply(Input::Add { request, jobs, terms, by }, NOW_MS);
        let decisions = core.apply(committed(writer.as_mut(), decisions), NOW_MS);
        let started = decisions.iter().filter_map(|decision| match decision {
            Decision::Start(claimed) => Some(AttemptId::of(claimed)),
            _ => None,
        });
        let end = AttemptEnd::Completed { result: json!(null), reused: None };
        let ends = started.map(|attempt| EndedAttempt { attempt, end: end.clone(), artifacts: Vec::new() });
        let ends: Vec<_> = ends.collect();
        assert_eq!(ends.len(), JOBS, "all of them are at work");
        AtWork { core, ends }
    }
}

/// What the core hears when the store has written all that it decided.
fn committed(writer: &mut dyn StoreWriter, decisions: Vec<Decision>) -> Input {
    let (tickets, ops): (Vec<Ticket>, Vec<WriteOp>) = decisions
        .into_iter()
        .filter_map(|decision| match decision {
            Decision::Write(ticket, op) => Some((ticket, op)),
            _ => None,
        })
        .unzip();
    let done = writer.apply(&ops, NOW_MS).expect("a store in memory refuses nothing");
    let results: Vec<(Ticket, OpResult)> = tickets.into_iter().zip(done.results).collect();
    Input::Committed { commit: done.commit, results, limits: None, outside: None }
}

#[divan::bench]
fn core_step_100_ends(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(AtWork::new)
        .bench_local_values(|AtWork { mut core, ends }| (core.apply(Input::Ended { ends }, NOW_MS), core));
}

fn row(id: u64) -> JobSummary {
    let mut writer = MemoryStore::new().writer().expect("a store has one writer");
    let done =
        writer.apply(&[configure(), add(), claim()], NOW_MS).expect("a store in memory refuses nothing");
    let claimed = done.results.into_iter().find_map(|result| match result {
        OpResult::Claimed(claimed) => claimed.jobs.into_iter().next(),
        _ => None,
    });
    let job = claimed.expect("a job was claimed").job;
    JobSummary { id: JobId(id), ..(*job).clone() }
}

/// A frame with 50 rows, as it is built once for all tabs of a view.
#[divan::bench]
fn frame_build_50_rows(bencher: Bencher<'_, '_>) {
    let changed = (1..=50).map(row).collect();
    let changes = JobsDelta { changed, ..JobsDelta::default() };
    let frame = ServerFrame::Delta { view: ViewId(1), seq: 7, delta: ViewDelta::Jobs { changes } };
    bencher.bench_local(|| serde_json::to_string(black_box(&frame)));
}

/// A command as a tab sends it.
#[divan::bench]
fn codec_read_command(bencher: Bencher<'_, '_>) {
    let job = NewJob::new("noop", json!({ "payload": "taskyard taskyard taskyard taskyard" }));
    let frame = ClientFrame::Command { id: 7, command: Command::AddJob { job } };
    let text = serde_json::to_string(&frame).expect("a command can be written");
    bencher.bench_local(|| serde_json::from_str::<ClientFrame>(black_box(&text)));
}
