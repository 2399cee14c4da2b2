//! Data folders that a server must not touch.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use taskyard_shared::job::JobState;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::patience::STOP;
use taskyard_tests::program::serve_refused;
use taskyard_tests::test_worker::TestArgs;
use tempfile::TempDir;

use crate::PROGRAM;

const FILE: &str = "taskyard.db";

/// The server refuses to start, says what to do, and changes nothing.
fn assert_refused(data: &Path, says: &str) -> Result<()> {
    let file = data.join(FILE);
    let before = fs::read(&file)?;
    let ended = serve_refused(data)?;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(ended.stdout, "", "it never was ready");
    for part in [says, &file.display().to_string(), "Restore it from a backup, or move it away"] {
        assert!(ended.stderr.contains(part), "no \"{part}\" in: {}", ended.stderr);
    }
    assert!(fs::read(&file)? == before, "the file was changed");
    Ok(())
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() -> Result<()> {
    let data = TempDir::new()?;
    fs::write(data.path().join(FILE), "These are not the jobs you are looking for. ".repeat(1_000))?;
    assert_refused(data.path(), "is damaged")
}

#[tokio::test]
async fn a_database_with_damaged_pages_is_refused_and_left_alone() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    for _ in 0..20 {
        let id = api.add(&TestArgs::default().note("x".repeat(5_000)).job()).await?;
        api.job_when(id, JobState::Completed).await?;
    }
    yard.ask_to_stop()?;
    yard.wait_for_exit(STOP)?;
    let file = yard.data_folder().join(FILE);
    let mut content = fs::read(&file)?;
    let from = content.len() / 4;
    content.get_mut(from..).context("the file is empty")?.fill(0x55);
    fs::write(&file, content)?;
    assert_refused(&yard.data_folder(), "is damaged")
}

#[tokio::test]
async fn a_data_folder_in_use_is_refused_and_its_server_goes_on() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let ended = serve_refused(&yard.data_folder())?;
    assert_eq!(ended.code, Some(1));
    let says = format!("the data folder {} is in use by another process", yard.data_folder().display());
    assert!(ended.stderr.contains(&says), "{}", ended.stderr);
    let api = Api::new(yard.address());
    let id = api.add(&TestArgs::default().job()).await?;
    api.job_when(id, JobState::Completed).await?;
    Ok(())
}
