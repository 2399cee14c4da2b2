//! A disk that takes no more.

use anyhow::Result;
use serde_json::json;
use taskyard_shared::job::JobId;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::test_worker::TestArgs;

use crate::PROGRAM;

const MAX_FILE_KIB: u32 = 4 * 1024;

#[tokio::test]
async fn what_the_disk_refuses_is_told_and_what_was_acknowledged_stays() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default().max_file_kib(MAX_FILE_KIB))?;
    let api = Api::new(yard.address());
    api.add(&TestArgs::default().job()).await?;
    api.patch("/api/v1/queues/test", &json!({ "paused": true })).await?;
    // No args of this kind are stored for nothing: the file grows with each.
    let large = TestArgs::default().note("x".repeat(200 * 1024)).job();
    let mut acknowledged = vec![JobId(1)];
    let refusal = loop {
        let answer = api.post("/api/v1/jobs", &json!(large)).await?;
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(serde_json::from_value(answer.json::<serde_json::Value>()?["id"].clone())?);
        assert!(acknowledged.len() < 1_000, "the disk is never full");
    };
    assert_eq!((refusal.status, refusal.header("retry-after")), (503, "1"), "{}", refusal.text());
    assert!(refusal.text().contains("store_failed"), "{}", refusal.text());
    let stored = async |api: &Api| {
        let mut ids: Vec<JobId> = api.all_jobs().await?.iter().map(|job| job.id).collect();
        ids.reverse();
        anyhow::Ok(ids)
    };
    assert_eq!(stored(&api).await?, acknowledged, "it goes on answering");
    assert_eq!(api.counts().await?.total(), acknowledged.len() as u64);
    yard.kill9()?;
    yard.restart()?;
    assert_eq!(stored(&Api::new(yard.address())).await?, acknowledged);
    Ok(())
}
