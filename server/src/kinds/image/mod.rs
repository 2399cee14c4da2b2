//! The `image` kind: an uploaded picture, or a part of it, becomes smaller copies.
//!
//! Copies are upright (the EXIF orientation is applied), keep the colour profile, and carry no other
//! metadata (EXIF, XMP, comments): where a photo was taken stays with the original. Of a moving picture they show the first frame.
//!
//! Memory is bounded by what is checked before anything is decoded: a file of at most 50 MiB, a picture of
//! at most 100 megapixels that takes at most 512 MiB. Measured with 100 megapixels: 350 MiB for a JPEG and
//! 850 MiB for a PNG with transparency become small copies; 1.6 GiB for that PNG and a copy of nearly its
//! size, the worst found. The queue's concurrency multiplies this. Everything runs on a thread that may block.

mod args;
pub(super) mod encode;
mod jpeg;
pub(super) mod picture;
pub(super) mod plan;
#[cfg(test)]
pub(super) mod tests;

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;

use self::picture::Picture;
use self::plan::Plan;
use super::context::JobContext;
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
use crate::files::is_plain_name;
pub use args::{Crop, Fit, Format, ImageArgs};

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
        let mut wrong = Vec::new();
        let mut complain = |field: &str, message: &str| {
            wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        };
        if !args.name.is_empty() && !is_plain_name(&args.name) {
            complain("/name", "name must be a plain file name, without folders");
        }
        if args.height.is_none() && args.fit != Fit::Contain {
            complain("/height", "height is required unless fit is contain");
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
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
    let area = plan::crop((width, height), args.crop.as_ref());
    let area = area.map_err(|message| JobError::new(message).do_not_retry())?;
    let mut copies = Vec::new();
    for (done, wanted) in (1..).zip(&args.widths) {
        stop_if_cancelled(ctx)?;
        let plan = plan::plan(area, *wanted, args.height, args.fit);
        copies.push(make_copy(&picture, plan, *wanted, args, ctx)?);
        ctx.progress(DECODED + (1.0 - DECODED) * f64::from(done) / args.widths.len() as f64);
    }
    Ok(json!({ "source": { "width": width, "height": height }, "copies": copies }))
}

fn make_copy(
    picture: &Picture,
    plan: Plan,
    width: u32,
    args: &ImageArgs,
    ctx: &JobContext,
) -> Result<Value, JobError> {
    let copy = picture.copy(plan)?;
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
pub(super) fn stop_if_cancelled(ctx: &JobContext) -> Result<(), JobError> {
    if ctx.is_cancelled() { Err(JobError::new("cancelled")) } else { Ok(()) }
}
