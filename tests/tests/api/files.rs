//! Uploads in, artifacts out.

use std::io::Cursor;

use anyhow::Result;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use taskyard_shared::job::{FileRef, JobId, JobState};
use taskyard_shared::new_job::NewJob;
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::picture::{HEIGHT, WIDTH, picture};
use taskyard_tests::server::TestServer;

use crate::assert_problem;

async fn upload(api: &Api, name: &str, content: impl Into<Bytes>) -> Result<Answer> {
    api.send(Method::POST, &format!("/api/v1/uploads?name={name}"), &[], content).await
}

fn image_job(source: &FileRef, args: &Value) -> NewJob {
    let mut job_args = json!({ "source": source.sha256, "name": source.name });
    if let (Some(all), Some(more)) = (job_args.as_object_mut(), args.as_object()) {
        all.extend(more.clone());
    }
    NewJob::new("image", job_args)
}

async fn artifact(api: &Api, id: JobId, name: &str) -> Result<Answer> {
    api.get(&format!("/api/v1/jobs/{id}/artifacts/{name}")).await
}

#[tokio::test]
async fn a_picture_goes_in_and_its_copies_come_out() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let original = picture()?;
    let answer = upload(&api, "photo.png", original.clone()).await?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let source: FileRef = answer.json()?;
    assert_eq!((source.bytes, source.media_type.as_str()), (original.len() as u64, "image/png"));

    for (format, extension) in [("webp", "webp"), ("jpeg", "jpg"), ("png", "png")] {
        let id = api.add(&image_job(&source, &json!({ "widths": [64, 16], "format": format }))).await?;
        let done = api.job_when(id, JobState::Completed).await?;
        assert_eq!(done.inputs, std::slice::from_ref(&source));
        assert_eq!(done.artifacts.len(), 2);
        // Artifacts are sorted by name.
        for (width, made) in [16_u32, 64].iter().zip(&done.artifacts) {
            assert_eq!(made.name, format!("photo-{width}.{extension}"));
            let copy = artifact(&api, id, &made.name).await?;
            assert_eq!((copy.status, copy.header("content-type")), (200, made.media_type.as_str()));
            assert_eq!(copy.body.len() as u64, made.bytes);
            let reader = image::ImageReader::new(Cursor::new(&copy.body)).with_guessed_format()?;
            assert_eq!(reader.into_dimensions()?, (*width, HEIGHT * width / WIDTH), "{format}");
        }
        let input = api.get(&format!("/api/v1/jobs/{id}/inputs/photo.png")).await?;
        assert!(input.body == original, "the upload is given back as it came");
        assert_problem(&artifact(&api, id, "other.webp").await?, 404, "not_found");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_picture_fails_with_a_sentence() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let whole = picture()?;
    let truncated = whole[..whole.len() / 2].to_vec();
    for (name, content) in [("half.png", truncated), ("notes.png", b"no picture at all".to_vec())] {
        let source: FileRef = upload(&api, name, content).await?.json()?;
        let id = api.add(&image_job(&source, &json!({}))).await?;
        let failed = api.job_when(id, JobState::Failed).await?;
        let error = failed.error.unwrap_or_default();
        assert!(error.len() > 10 && !error.contains("panicked"), "{name}: {error}");
        assert!(failed.artifacts.is_empty(), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_uploads_and_jobs_without_theirs_are_refused() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    for name in ["", "..%2Fx.png", "a%2Fb.png"] {
        assert_problem(&upload(&api, name, "x").await?, 400, "bad_request");
    }
    let nameless = api.send(Method::POST, "/api/v1/uploads", &[], "x").await?;
    assert_eq!(nameless.header("content-type"), "application/problem+json", "{}", nameless.text());
    let unknown = json!({ "kind": "image", "args": { "source": "0".repeat(64) } });
    let answer = api.post("/api/v1/jobs", &unknown).await?;
    assert_problem(&answer, 422, "invalid_arguments");
    assert!(answer.text().contains("there is no such upload"), "{}", answer.text());
    assert_eq!(api.counts().await?.total(), 0);
    Ok(())
}
