//! Several jobs in one request.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use taskyard_shared::command::{AddOutcome, Reply};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::MAX_ADD_BYTES;
use taskyard_shared::new_job::{AddMode, NewJobs};

use super::problem::{Problem, RefusedJob, jobs_refused};
use super::request::{IdempotencyHeader, JsonBody};
use crate::Yard;
use crate::queue::core::AddAnswer;
use crate::services::Client;

/// All or nothing: 201, or 422 with what is wrong with each. Each: 201 when all were stored, else 200, and the
/// outcomes say more.
pub async fn add(
    yard: web::Data<Yard>,
    client: Client,
    key: IdempotencyHeader,
    jobs: JsonBody<NewJobs, MAX_ADD_BYTES>,
) -> Result<HttpResponse, Problem> {
    yard.admit(&client).await?;
    let key = key.with_body(&jobs.bytes).await?;
    let mode = jobs.value.mode;
    let added = yard.add_all(jobs.value, key).await?;
    Ok(answer(added, mode))
}

pub(super) fn answer(added: AddAnswer, mode: AddMode) -> HttpResponse {
    let refused = refused(&added.outcomes);
    if mode == AddMode::AllOrNothing && !refused.is_empty() {
        let (count, all) = (refused.len(), added.outcomes.len());
        let message = format!("{count} of {all} jobs cannot be added, so none was");
        return jobs_refused(&WireError::new(ErrorCode::InvalidArguments, message), &refused);
    }
    let is_new = |outcome: &AddOutcome| matches!(outcome, AddOutcome::Added { .. });
    let status = if added.outcomes.iter().all(is_new) { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    if let Some(batch) = added.batch {
        response.insert_header(("location", format!("/api/v1/batches/{batch}")));
    }
    response.json(Reply::JobsAdded { batch: added.batch, outcomes: added.outcomes })
}

fn refused(outcomes: &[AddOutcome]) -> Vec<RefusedJob> {
    let refused = |(index, outcome): (usize, &AddOutcome)| match outcome {
        AddOutcome::Refused { error } => Some(RefusedJob { index, error: error.clone() }),
        _ => None,
    };
    outcomes.iter().enumerate().filter_map(refused).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::{Value, json};
    use taskyard_shared::batch::BatchId;
    use taskyard_shared::job::JobId;

    use super::*;

    const NEW: AddOutcome = AddOutcome::Added { id: JobId(1) };
    const OLD: AddOutcome = AddOutcome::Existing { id: JobId(7) };

    fn wrong(message: &str) -> AddOutcome {
        AddOutcome::Refused { error: WireError::new(ErrorCode::UnknownKind, message) }
    }

    async fn answered(outcomes: Vec<AddOutcome>, mode: AddMode) -> (u16, Value) {
        let response = answer(AddAnswer { batch: Some(BatchId(1)), outcomes, is_repeated: false }, mode);
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body()).await.expect("a body in memory");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    #[actix_web::test]
    async fn one_wrong_job_of_all_or_nothing_is_a_problem_that_names_its_place() {
        let outcomes = vec![AddOutcome::NotAdded {}, wrong("a"), AddOutcome::NotAdded {}, wrong("b")];
        let (status, problem) = answered(outcomes, AddMode::AllOrNothing).await;
        assert_eq!(
            (status, &problem["status"], &problem["code"]),
            (422, &json!(422), &json!("invalid_arguments"))
        );
        assert_eq!(problem["detail"], "2 of 4 jobs cannot be added, so none was");
        assert_eq!(
            problem["errors"],
            json!([
                { "index": 1, "error": { "code": "unknown_kind", "message": "a" } },
                { "index": 3, "error": { "code": "unknown_kind", "message": "b" } },
            ])
        );
    }

    #[actix_web::test]
    async fn the_status_says_whether_all_are_new() {
        for (outcomes, mode, expected) in [
            (vec![NEW, NEW], AddMode::AllOrNothing, 201),
            (vec![NEW, OLD], AddMode::AllOrNothing, 200),
            (vec![NEW, NEW], AddMode::Each, 201),
            (vec![NEW, wrong("a")], AddMode::Each, 200),
        ] {
            let (status, reply) = answered(outcomes.clone(), mode).await;
            assert_eq!(status, expected, "{outcomes:?}");
            assert_eq!((&reply["type"], &reply["batch"]), (&json!("jobs_added"), &json!(1)));
            assert_eq!(reply["outcomes"], json!(outcomes));
        }
    }
}
