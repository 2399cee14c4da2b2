//! The `image` kind: an uploaded picture becomes smaller copies.
//!
//! Copies are upright (the EXIF orientation is applied), keep the colour profile, and carry no other
//! metadata: where a photo was taken stays with the original. Of a moving picture they show the first frame.
//!
//! Memory is bounded by what is checked before anything is decoded: a file of at most 50 MiB, a picture of
//! at most 100 megapixels that takes at most 512 MiB. Measured with 100 megapixels: 350 MiB for a JPEG and
//! 850 MiB for a PNG with transparency become small copies; 1.6 GiB for that PNG and a copy of nearly its
//! size, the worst found. The queue's concurrency multiplies this. Everything runs on a thread that may block.

mod args;
mod encode;
mod jpeg;
mod picture;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;

use self::picture::Picture;
use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
use crate::files::is_plain_name;
pub use args::{Format, ImageArgs};

/// How much of the work decoding counts for; the copies share the rest.
const DECODED: f64 = 0.2;

/// See the module.
pub struct Image;

impl Worker for Image {
    const KIND: &'static str = "image";
    const DESCRIPTION: &'static str = "Makes smaller copies of a JPEG, PNG, WebP or GIF picture.";
    type Args = ImageArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 2 }
    }

    /// The same file fails in the same manner again.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn label(&self, args: &ImageArgs) -> Label {
        let name = match args.name.as_str() {
            "" => format!("picture {}", args.source.chars().take(8).collect::<String>()),
            name => name.to_owned(),
        };
        let detail = match args.widths.len() {
            1 => "1 size".to_owned(),
            count => format!("{count} sizes"),
        };
        Label { name, detail }
    }

    fn check(&self, args: &ImageArgs) -> Result<(), Vec<FieldError>> {
        if args.name.is_empty() || is_plain_name(&args.name) {
            return Ok(());
        }
        let message = "name must be a plain file name, without folders".to_owned();
        Err(vec![FieldError { field: "/name".to_owned(), message }])
    }

    fn uploads(&self, args: &ImageArgs) -> Vec<UploadArg> {
        vec![UploadArg { field: "/source".into(), sha256: args.source.clone(), name: args.name.clone() }]
    }

    async fn perform(&self, args: ImageArgs, ctx: JobContext) -> JobResult {
        ctx.blocking(move |ctx| make_copies(&args, ctx)).await
    }
}

fn make_copies(args: &ImageArgs, ctx: &JobContext) -> JobResult {
    let picture = Picture::load(ctx.files(), &args.source)?;
    let (width, height) = picture.size();
    ctx.info(format!("decoded {width} × {height} pixels"));
    ctx.progress(DECODED);
    let mut copies = Vec::new();
    for (done, wanted) in (1..).zip(&args.widths) {
        stop_if_cancelled(ctx)?;
        copies.push(make_copy(&picture, *wanted, args, ctx)?);
        ctx.progress(DECODED + (1.0 - DECODED) * f64::from(done) / args.widths.len() as f64);
    }
    Ok(json!({ "source": { "width": width, "height": height }, "copies": copies }))
}

fn make_copy(picture: &Picture, width: u32, args: &ImageArgs, ctx: &JobContext) -> Result<Value, JobError> {
    let copy = picture.copy(width)?;
    stop_if_cancelled(ctx)?;
    let (width_px, height_px) = (copy.width(), copy.height());
    let content = encode::encode(copy, args.format, args.quality, picture.colour_profile())?;
    let name = args.artifact_name(width);
    let file = ctx.keep_artifact(&name, args.format.media_type(), &content)?;
    ctx.info(format!("made {}: {width_px} × {height_px} pixels, {} bytes", file.name, file.bytes));
    Ok(json!({
        "name": file.name,
        "width": width_px,
        "height": height_px,
        "bytes": file.bytes,
        "sha256": file.sha256,
    }))
}

/// Nobody reads the error: the job is cancelled already.
fn stop_if_cancelled(ctx: &JobContext) -> Result<(), JobError> {
    if ctx.is_cancelled() { Err(JobError::new("cancelled")) } else { Ok(()) }
}
