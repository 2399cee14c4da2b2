//! What the copies should be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest beginning of a copy's name that comes from the original, in characters.
const MAX_STEM_CHARS: usize = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Picture")]
pub struct ImageArgs {
    /// The picture: JPEG, PNG, WebP or GIF, at most 50 MiB and 100 megapixels.
    #[schemars(title = "Picture", extend("format" = "upload", "pattern" = "^[0-9a-f]{64}$"))]
    pub source: String,
    /// The picture's file name; the copies are named after it.
    #[serde(default)]
    #[schemars(title = "File name", length(max = 200))]
    pub name: String,
    /// Width of each copy in pixels. Copies keep the proportions and are never larger than the original.
    #[serde(default = "two_sizes")]
    #[schemars(title = "Widths", length(min = 1, max = 10), inner(range(min = 1, max = 10_000)))]
    #[schemars(extend("uniqueItems" = true))]
    pub widths: Vec<u32>,
    /// Height of each copy in pixels: with it, a copy fits a box of its width and this height in the way that `fit` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Height", with = "u32", range(min = 1, max = 10_000))]
    pub height: Option<u32>,
    /// How a copy fits its box: `contain` shows the whole picture within it, `cover` fills it and cuts off at the sides
    /// what sticks out, `stretch` gives up the proportions.
    #[serde(default)]
    #[schemars(title = "Fit")]
    pub fit: Fit,
    /// The part that copies are made of, in pixels of the upright picture. Without it, the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Crop", with = "Crop")]
    pub crop: Option<Crop>,
    /// WebP copies are lossless, hence large for photos: there JPEG is smaller.
    #[serde(default)]
    #[schemars(title = "Format")]
    pub format: Format,
    /// Of JPEG copies: 1 is small, 100 is good. The other formats lose nothing.
    #[serde(default = "eighty")]
    #[schemars(title = "Quality", range(min = 1, max = 100))]
    pub quality: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    #[default]
    Contain,
    Cover,
    Stretch,
}

/// A rectangle of pixels; its left upper corner is at `x`, `y`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    #[schemars(title = "Left", range(max = 65_535))]
    pub x: u32,
    #[schemars(title = "Top", range(max = 65_535))]
    pub y: u32,
    #[schemars(title = "Width", range(min = 1, max = 65_535))]
    pub width: u32,
    #[schemars(title = "Height", range(min = 1, max = 65_535))]
    pub height: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Jpeg,
    Png,
    #[default]
    Webp,
}

fn two_sizes() -> Vec<u32> {
    vec![320, 1280]
}

fn eighty() -> u8 {
    80
}

impl Format {
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Webp => "image/webp",
        }
    }

    pub(in crate::kinds) const fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png => "png",
            Format::Webp => "webp",
        }
    }
}

impl ImageArgs {
    /// `photo-320.webp`, or `photo-320x200.webp`, after what was asked for.
    pub(super) fn artifact_name(&self, width: u32) -> String {
        let stem = match self.name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ if self.name.is_empty() => "picture",
            _ => &self.name,
        };
        let stem: String = stem.chars().take(MAX_STEM_CHARS).collect();
        let height = self.height.map_or_else(String::new, |height| format!("x{height}"));
        format!("{stem}-{width}{height}.{}", self.format.extension())
    }
}
