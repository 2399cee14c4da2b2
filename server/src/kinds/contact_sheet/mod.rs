//! The `contact-sheet` kind: many pictures become one, in rows and columns.
//!
//! The pictures are uploads and artifacts of other jobs. Each is turned upright; no metadata of any comes into the
//! sheet, nor a colour profile, for each picture may have another: colours are taken as they are. There are no
//! captions.
//!
//! Memory is bounded: the sheet takes at most 150 MB, and one picture at a time is decoded, within the bounds of the
//! kind `image`.

mod args;
mod sheet;
#[cfg(test)]
mod tests;

use image::DynamicImage;
use serde_json::{Value, json};
use taskyard_shared::error::FieldError;

use self::sheet::Sheet;
use super::context::JobContext;
use super::file_arg::FileArg;
use super::image::picture::Picture;
use super::image::plan::{crop, plan};
use super::image::{Fit, Format, encode, stop_if_cancelled};
use super::job_error::JobError;
use super::retry::RetryPolicy;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
pub use args::{CellFit, ContactSheetArgs, OnError, SheetFormat};

/// How much of the work the pictures count for; encoding the sheet is the rest.
const PICTURES: f64 = 0.9;

/// See the module.
pub struct ContactSheet;

impl Worker for ContactSheet {
    const KIND: &'static str = "contact-sheet";
    const DESCRIPTION: &'static str = "Puts many pictures onto one sheet, in rows and columns.";
    type Args = ContactSheetArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 1 }
    }

    /// A picture that cannot be used fails the job at once; what is tried again is one that is not there yet.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { max_attempts: 5, ..RetryPolicy::default() }
    }

    fn label(&self, args: &ContactSheetArgs) -> Label {
        let detail = match args.pictures.len() {
            1 => "1 picture".to_owned(),
            count => format!("{count} pictures"),
        };
        Label { name: args.file_name(), detail }
    }

    fn check(&self, args: &ContactSheetArgs) -> Result<(), Vec<FieldError>> {
        args.check()
    }

    fn uploads(&self, args: &ContactSheetArgs) -> Vec<UploadArg> {
        let upload = |(index, picture): (usize, &FileArg)| picture.upload(&format!("/pictures/{index}"));
        args.pictures.iter().enumerate().filter_map(upload).collect()
    }

    async fn perform(&self, args: ContactSheetArgs, ctx: JobContext) -> JobResult {
        ctx.blocking(move |ctx| make_sheet(&args, ctx)).await
    }
}

fn make_sheet(args: &ContactSheetArgs, ctx: &JobContext) -> JobResult {
    let mut sheet = Sheet::new(args);
    let mut skipped: Vec<Value> = Vec::new();
    for (number, picture) in (1..).zip(&args.pictures) {
        stop_if_cancelled(ctx)?;
        match cell(picture, args, ctx) {
            Ok(cell) => sheet.put(cell),
            Err(error) if args.on_error == OnError::Skip && error.is_final() => {
                ctx.warn(format!("left out picture {number} ({}): {}", picture.in_words(), error.message));
                let name = picture.in_words();
                skipped.push(json!({ "picture": number, "name": name, "error": error.message }));
            }
            Err(error) => return Err(error.about(&format!("picture {number} ({})", picture.in_words()))),
        }
        ctx.progress(PICTURES * f64::from(number) / args.pictures.len() as f64);
    }
    if sheet.filled() == 0 {
        return Err(JobError::new("none of the pictures could be used; the log says why").do_not_retry());
    }
    keep(sheet, args, &skipped, ctx)
}

/// The picture as small as it comes onto the sheet; the original is gone from memory then.
fn cell(picture: &FileArg, args: &ContactSheetArgs, ctx: &JobContext) -> Result<DynamicImage, JobError> {
    let picture = Picture::read(ctx.open_file(picture)?.content)?;
    let fit = match args.fit {
        CellFit::Contain => Fit::Contain,
        CellFit::Cover => Fit::Cover,
    };
    let whole = crop(picture.size(), None).map_err(|message| JobError::new(message).do_not_retry())?;
    picture.copy(plan(whole, args.cell_width, Some(args.cell_height), fit))
}

fn keep(sheet: Sheet, args: &ContactSheetArgs, skipped: &[Value], ctx: &JobContext) -> JobResult {
    let pictures = sheet.filled();
    let pixels = sheet.finish();
    let (width, height) = pixels.dimensions();
    let format = Format::from(args.format);
    let content = encode::encode(pixels.into(), format, args.quality, None)?;
    stop_if_cancelled(ctx)?;
    let file = ctx.keep_artifact(&args.file_name(), format.media_type(), &content)?;
    ctx.info(format!("made {}: {width} × {height} pixels, {} bytes", file.name, file.bytes));
    ctx.progress(1.0);
    Ok(json!({
        "name": file.name,
        "width": width,
        "height": height,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "pictures": pictures,
        "skipped": skipped,
    }))
}
