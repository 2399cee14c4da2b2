//! From pixels to a file.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};

use super::args::Format;
use crate::kinds::job_error::JobError;

/// Longest side of a WebP picture, in pixels (RFC 9649).
const MAX_WEBP_SIDE: u32 = 16_383;
/// Longest side of a JPEG picture, in pixels.
const MAX_JPEG_SIDE: u32 = 65_535;

/// `quality` is 1 to 100 and matters to JPEG alone.
pub(in crate::kinds) fn encode(
    copy: DynamicImage,
    format: Format,
    quality: u8,
    colour_profile: Option<&[u8]>,
) -> Result<Vec<u8>, JobError> {
    check_sides(&copy, format)?;
    let copy = eight_bits(copy);
    let mut file = Vec::new();
    match format {
        Format::Jpeg => write(
            without_transparency(copy),
            JpegEncoder::new_with_quality(&mut file, quality),
            colour_profile,
        ),
        Format::Png => write(copy, PngEncoder::new(&mut file), colour_profile),
        Format::Webp => write(copy, WebPEncoder::new_lossless(&mut file), colour_profile),
    }?;
    Ok(file)
}

fn check_sides(copy: &DynamicImage, format: Format) -> Result<(), JobError> {
    let (most, what) = match format {
        Format::Webp => (MAX_WEBP_SIDE, "WebP"),
        Format::Jpeg => (MAX_JPEG_SIDE, "JPEG"),
        Format::Png => return Ok(()),
    };
    if copy.width().max(copy.height()) <= most {
        return Ok(());
    }
    let (width, height) = (copy.width(), copy.height());
    Err(JobError::new(format!(
        "a copy would have {width} × {height} pixels, and {what} allows {most} a side; choose another format or a smaller width"
    ))
    .do_not_retry())
}

fn write(
    copy: DynamicImage,
    mut encoder: impl ImageEncoder,
    colour_profile: Option<&[u8]>,
) -> Result<(), JobError> {
    if let Some(profile) = colour_profile {
        encoder.set_icc_profile(profile.to_vec())?;
    }
    Ok(copy.write_with_encoder(encoder)?)
}

/// What every format can hold.
fn eight_bits(copy: DynamicImage) -> DynamicImage {
    match copy {
        DynamicImage::ImageLuma16(_) => copy.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => copy.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) => copy.into_rgb8().into(),
        DynamicImage::ImageRgba16(_) => copy.into_rgba8().into(),
        copy => copy,
    }
}

/// Puts what is transparent before white, as a page would show it.
fn without_transparency(copy: DynamicImage) -> DynamicImage {
    if !copy.color().has_alpha() {
        return copy;
    }
    let copy = copy.into_rgba8();
    let mut flat = RgbImage::new(copy.width(), copy.height());
    for (to, from) in flat.pixels_mut().zip(copy.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        let over_white = |value: u16| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        *to = Rgb([red, green, blue].map(over_white));
    }
    flat.into()
}
