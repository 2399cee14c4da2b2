//! Operations on many jobs: cut off in the middle, and while they may still be undone.

use anyhow::{Result, ensure};
use serde_json::json;
use taskyard::store::{SqliteStore, Store};
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::NewJob;
use taskyard_shared::operation::{BulkAction, NewOperation, Operation, OperationState};
use taskyard_shared::view::JobFilter;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::FragileYard;
use taskyard_tests::patience::eventually;
use taskyard_tests::stored::waiting_jobs;

use crate::PROGRAM;
use crate::ending::{End, WORK, hasty, until_past};

const STORED: u64 = 20_000;
/// Names of the jobs that the operations are for: `stored 1`, `stored 10` to `stored 19`, and so on.
const TEXT: &str = "stored 1";
const PRIORITY: i16 = 7;

/// The id of a stored job is the number in its name.
fn is_meant(id: JobId) -> bool {
    id.0 <= STORED && id.0.to_string().starts_with('1')
}

fn meant() -> u64 {
    (1..=STORED).filter(|id| is_meant(JobId(*id))).count() as u64
}

fn operation(action: BulkAction, undo_ms: u32) -> NewOperation {
    let filter = JobFilter { queue: Some("demo".to_owned()), text: TEXT.to_owned(), ..JobFilter::default() };
    NewOperation { action, filter, undo_ms }
}

/// What is stored of the newest operation, asked of the folder of a server that has ended.
fn stored_operation(yard: &FragileYard) -> Result<Option<Operation>> {
    let mut writer = SqliteStore::open(&yard.data_folder())?.writer()?;
    Ok(writer.load()?.operations.into_iter().next())
}

/// Asks for the operation, ends the server in the middle of it, and waits until it is done all the same. Answers the
/// job too that came too late for it.
async fn cut_off(yard: &mut FragileYard, end: End, action: BulkAction) -> Result<(Api, Operation, JobId)> {
    let api = Api::new(yard.address());
    let id = api.start_operation(&operation(action, 0)).await?.id;
    // It matches, but was not there when the operation was asked for.
    let late = json!({ "name": "stored 1 too late", "duration": 1, "failure_chance": 0 });
    let late = api.add(&NewJob::new("demo", late)).await?;
    eventually(WORK, async || Ok((api.operation(id).await?.done > 0).then_some(()))).await?;
    end.end(yard)?;
    let cut = stored_operation(yard)?;
    ensure!(
        cut.as_ref().is_some_and(|cut| cut.state == OperationState::Running && cut.done < meant()),
        "it was not in the middle: {cut:?}"
    );
    yard.restart()?;
    let api = Api::new(yard.address());
    let done = eventually(WORK, async || {
        let operation = api.operation(id).await?;
        Ok((operation.state == OperationState::Done).then_some(operation))
    });
    let done = done.await?;
    Ok((api, done, late))
}

#[tokio::test]
async fn an_operation_cut_off_by_a_kill_changes_exactly_what_it_should() -> Result<()> {
    an_operation_changes_exactly_what_it_should(End::Killed).await
}

#[tokio::test]
async fn an_operation_cut_off_by_a_stop_changes_exactly_what_it_should() -> Result<()> {
    an_operation_changes_exactly_what_it_should(End::Stopped).await
}

async fn an_operation_changes_exactly_what_it_should(end: End) -> Result<()> {
    let mut yard = FragileYard::start_prepared(PROGRAM, hasty(), |data| waiting_jobs(data, STORED))?;
    let actions =
        [BulkAction::Reprioritise { priority: PRIORITY }, BulkAction::Cancel {}, BulkAction::Delete {}];
    for action in actions {
        let (api, done, late) = cut_off(&mut yard, end, action).await?;
        assert_eq!(done.done, meant(), "{done:?}");
        let jobs = api.all_jobs().await?;
        for job in &jobs {
            let is_changed = match action {
                BulkAction::Reprioritise { .. } => job.priority == PRIORITY,
                BulkAction::Cancel {} => job.state == JobState::Cancelled,
                BulkAction::Retry {} | BulkAction::Delete {} => false,
            };
            let is_gone = matches!(action, BulkAction::Delete {});
            assert_eq!(is_changed, is_meant(job.id) && !is_gone, "{action:?} {job:?}");
            assert!(!(is_gone && is_meant(job.id)), "it is still there: {job:?}");
        }
        let left = if matches!(action, BulkAction::Delete {}) { STORED - meant() } else { STORED };
        assert_eq!(jobs.len() as u64, left + 1);
        assert_eq!(api.counts().await?.total(), left + 1);
        // The next operation is to find as many again.
        assert_eq!(api.post(&format!("/api/v1/jobs/{late}/cancel"), &json!({})).await?.status, 200);
        assert_eq!(api.delete(&format!("/api/v1/jobs/{late}")).await?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn an_operation_that_waits_may_be_undone_after_a_kill_and_else_begins() -> Result<()> {
    an_operation_that_waits_may_be_undone_and_else_begins(End::Killed).await
}

#[tokio::test]
async fn an_operation_that_waits_may_be_undone_after_a_stop_and_else_begins() -> Result<()> {
    an_operation_that_waits_may_be_undone_and_else_begins(End::Stopped).await
}

async fn an_operation_that_waits_may_be_undone_and_else_begins(end: End) -> Result<()> {
    const FEW: u64 = 25;
    let mut yard = FragileYard::start_prepared(PROGRAM, hasty(), |data| waiting_jobs(data, FEW))?;
    let api = Api::new(yard.address());
    let undone = api.start_operation(&operation(BulkAction::Cancel {}, 60_000)).await?;
    let reprioritise = BulkAction::Reprioritise { priority: PRIORITY };
    let begins = api.start_operation(&operation(reprioritise, 2_000)).await?;

    end.end(&mut yard)?;
    until_past(begins.starts_at_ms)?;
    yard.restart()?;
    let api = Api::new(yard.address());
    assert_eq!(api.operation(undone.id).await?, undone);
    let undo = |operation: &Operation| format!("/api/v1/operations/{}/undo", operation.id);
    assert_eq!(api.post(&undo(&undone), &json!({})).await?.status, 200);
    let done = async || Ok((api.operation(begins.id).await?.state == OperationState::Done).then_some(()));
    eventually(WORK, done).await?;
    assert_eq!(api.post(&undo(&begins), &json!({})).await?.status, 409);

    let api = end.and_back(&mut yard)?;
    assert_eq!(api.operation(undone.id).await?.state, OperationState::Undone);
    for job in api.all_jobs().await? {
        let priority = if is_meant(job.id) { PRIORITY } else { 0 };
        assert_eq!((job.state, job.priority), (JobState::Pending, priority), "{job:?}");
    }
    Ok(())
}
