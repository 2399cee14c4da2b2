//! A picture in memory, and smaller copies of it.

use std::fs::File;
use std::io::{Cursor, Read};

use fast_image_resize::{ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use taskyard_shared::limits::MAX_UPLOAD_BYTES;

use super::jpeg;
use super::plan::{Area, Plan};
use crate::files::{FileError, FileStore};
use crate::kinds::job_error::JobError;

const MAX_PIXELS: u64 = 100_000_000;
/// What the decoded picture may take. 100 megapixels of 8 bits with transparency fit; of 16 bits, 67.
const MAX_DECODED_BYTES: u64 = 512 * 1024 * 1024;

/// A decoded picture, not yet turned upright: turning small copies costs less.
pub(in crate::kinds) struct Picture {
    pixels: DynamicImage,
    orientation: Orientation,
    colour_profile: Option<Vec<u8>>,
}

impl Picture {
    /// # Errors
    /// Each with a sentence: gone, too large, not a picture, damaged. None of these passes.
    pub fn load(files: &FileStore, sha256: &str) -> Result<Self, JobError> {
        Picture::read(files.open_file(sha256).map_err(gone)?)
    }

    /// # Errors
    /// As [`Picture::load`].
    pub fn read(file: File) -> Result<Self, JobError> {
        let mut content = Vec::new();
        file.take(MAX_UPLOAD_BYTES + 1).read_to_end(&mut content)?;
        if content.len() as u64 > MAX_UPLOAD_BYTES {
            let most = MAX_UPLOAD_BYTES / (1024 * 1024);
            return Err(unusable(format!("the picture's file is larger than {most} MiB")));
        }
        Picture::decode(&content)
    }

    pub fn decode(file: &[u8]) -> Result<Self, JobError> {
        let reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
        if reader.format() == Some(ImageFormat::Jpeg) && !jpeg::is_complete(file) {
            return Err(unusable("the picture is damaged: its end is missing"));
        }
        let mut decoder = limited(reader).into_decoder().map_err(sentence)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(unusable(format!(
                "the picture has {width} × {height} pixels; at most 100 megapixels are allowed"
            )));
        }
        if decoder.total_bytes() > MAX_DECODED_BYTES {
            return Err(unusable("the picture would take more than 512 MiB of memory"));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let colour_profile = decoder.icc_profile().unwrap_or_default();
        let pixels = DynamicImage::from_decoder(decoder).map_err(sentence)?;
        let colour_profile = colour_profile.filter(|profile| describes(profile, &pixels));
        Ok(Picture { pixels, orientation, colour_profile })
    }

    /// Width and height as a person sees them: upright.
    pub fn size(&self) -> (u32, u32) {
        match self.lies_on_its_side() {
            true => (self.pixels.height(), self.pixels.width()),
            false => (self.pixels.width(), self.pixels.height()),
        }
    }

    pub fn colour_profile(&self) -> Option<&[u8]> {
        self.colour_profile.as_deref()
    }

    /// An upright copy.
    pub fn copy(&self, plan: Plan) -> Result<DynamicImage, JobError> {
        let Area { x, y, width, height } = self.as_stored(plan.area);
        let size =
            if self.lies_on_its_side() { (plan.height, plan.width) } else { (plan.width, plan.height) };
        let mut copy = if size == (width, height) {
            self.pixels.crop_imm(x, y, width, height)
        } else {
            let mut copy = DynamicImage::new(size.0, size.1, self.pixels.color());
            let part = ResizeOptions::new().crop(x.into(), y.into(), width.into(), height.into());
            Resizer::new().resize(&self.pixels, &mut copy, &part)?;
            copy
        };
        copy.apply_orientation(self.orientation);
        Ok(copy)
    }

    /// Where a part of the upright picture is in the pixels as they are stored.
    fn as_stored(&self, area: Area) -> Area {
        use Orientation::{
            FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180, Rotate270,
            Rotate270FlipH,
        };
        let Area { x, y, width, height } = area;
        let (upright_width, upright_height) = self.size();
        let (right, below) = (upright_width - x - width, upright_height - y - height);
        let (x, y) = match self.orientation {
            NoTransforms => (x, y),
            FlipHorizontal => (right, y),
            FlipVertical => (x, below),
            Rotate180 => (right, below),
            Rotate90 => (y, right),
            Rotate270 => (below, x),
            Rotate90FlipH => (y, x),
            Rotate270FlipH => (below, right),
        };
        match self.lies_on_its_side() {
            true => Area { x, y, width: height, height: width },
            false => Area { x, y, width, height },
        }
    }

    fn lies_on_its_side(&self) -> bool {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        matches!(self.orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
    }
}

fn limited<R: std::io::BufRead + std::io::Seek>(mut reader: ImageReader<R>) -> ImageReader<R> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    reader
}

/// Whether an ICC profile is for pixels like these (its colour space is at byte 16). A print shop's CMYK
/// profile, say, is wrong once the decoder has made RGB of the picture.
fn describes(profile: &[u8], pixels: &DynamicImage) -> bool {
    let space: &[u8] = if pixels.color().has_color() { b"RGB " } else { b"GRAY" };
    profile.get(16..20) == Some(space)
}

/// The file stays as it is, so no other attempt does better.
fn unusable(message: impl Into<String>) -> JobError {
    JobError::new(message).do_not_retry()
}

fn gone(error: FileError) -> JobError {
    match error {
        FileError::NotFound(_) => unusable("the uploaded picture is not there any more; upload it again"),
        other => other.into(),
    }
}

fn sentence(error: ImageError) -> JobError {
    unusable(match error {
        ImageError::Unsupported(_) => {
            "the file is not a picture that can be read: JPEG, PNG, WebP or GIF".to_owned()
        }
        ImageError::Limits(_) => {
            "the picture is too large to be decoded within the memory allowed".to_owned()
        }
        ImageError::IoError(error) => format!("the picture is damaged or cut off: {error}"),
        other => format!("the picture is damaged: {other}"),
    })
}
