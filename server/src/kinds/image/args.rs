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

    const fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png => "png",
            Format::Webp => "webp",
        }
    }
}

impl ImageArgs {
    /// `photo-320.webp`, after the width that was asked for.
    pub(super) fn artifact_name(&self, width: u32) -> String {
        let stem = match self.name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ if self.name.is_empty() => "picture",
            _ => &self.name,
        };
        let stem: String = stem.chars().take(MAX_STEM_CHARS).collect();
        format!("{stem}-{width}.{}", self.format.extension())
    }
}
