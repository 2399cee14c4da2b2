//! A picture to upload, made of nothing.

use std::io::Cursor;

use anyhow::Result;
use image::{ImageFormat, Rgb, RgbImage};

pub const WIDTH: u32 = 192;
pub const HEIGHT: u32 = 96;

/// A PNG of [`WIDTH`] by [`HEIGHT`] pixels with more colours than one.
pub fn picture() -> Result<Vec<u8>> {
    let pixels = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let part = |of: u32, whole: u32| u8::try_from(of * 255 / whole).unwrap_or(u8::MAX);
        Rgb([part(x, WIDTH), part(y, HEIGHT), part((x * y) % WIDTH, WIDTH)])
    });
    let mut png = Vec::new();
    pixels.write_to(&mut Cursor::new(&mut png), ImageFormat::Png)?;
    Ok(png)
}
