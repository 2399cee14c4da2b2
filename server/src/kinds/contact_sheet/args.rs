//! What the sheet should be.

use image::Rgb;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::error::FieldError;

use crate::files::is_plain_name;
use crate::kinds::FileArg;
use crate::kinds::image::Format;

/// Most pixels of a sheet: 150 MB in memory.
const MAX_SHEET_PIXELS: u64 = 50_000_000;
/// Longest side of a sheet in pixels: what JPEG holds.
const MAX_SIDE: u64 = 65_535;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Contact sheet")]
pub struct ContactSheetArgs {
    /// The pictures in their order, row by row: uploads, and artifacts of other jobs. Each JPEG, PNG, WebP or GIF, at
    /// most 50 MiB and 100 megapixels.
    #[schemars(title = "Pictures", length(min = 1, max = 100))]
    pub pictures: Vec<FileArg>,
    /// What to call the sheet, without an ending.
    #[serde(default = "contact_sheet")]
    #[schemars(title = "Name", length(min = 1, max = 100))]
    pub name: String,
    /// Pictures in a row; fewer pictures make a narrower sheet.
    #[serde(default = "five")]
    #[schemars(title = "Columns", range(min = 1, max = 20))]
    pub columns: u32,
    /// Room of each picture in pixels.
    #[serde(default = "wide")]
    #[schemars(title = "Cell width", range(min = 16, max = 2000))]
    pub cell_width: u32,
    #[serde(default = "high")]
    #[schemars(title = "Cell height", range(min = 16, max = 2000))]
    pub cell_height: u32,
    /// Pixels between pictures, and around them all.
    #[serde(default = "sixteen")]
    #[schemars(title = "Margin", range(max = 200))]
    pub margin: u32,
    /// The colour behind the pictures: red, green and blue in hexadecimal.
    #[serde(default = "white")]
    #[schemars(title = "Background", extend("pattern" = "^#[0-9a-fA-F]{6}$"))]
    pub background: String,
    /// How a picture fits its cell: `contain` shows all of it, `cover` fills the cell and cuts off what sticks out.
    /// Nothing is enlarged.
    #[serde(default)]
    #[schemars(title = "Fit")]
    pub fit: CellFit,
    #[serde(default)]
    #[schemars(title = "Format")]
    pub format: SheetFormat,
    /// Of a JPEG sheet: 1 is small, 100 is good.
    #[serde(default = "eighty_five")]
    #[schemars(title = "Quality", range(min = 1, max = 100))]
    pub quality: u8,
    /// What becomes of the sheet when a picture cannot be used: the job fails, or the picture is left out.
    #[serde(default)]
    #[schemars(title = "On error")]
    pub on_error: OnError,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CellFit {
    #[default]
    Contain,
    Cover,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SheetFormat {
    #[default]
    Jpeg,
    Png,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    #[default]
    Fail,
    Skip,
}

impl From<SheetFormat> for Format {
    fn from(format: SheetFormat) -> Self {
        match format {
            SheetFormat::Jpeg => Format::Jpeg,
            SheetFormat::Png => Format::Png,
        }
    }
}

fn contact_sheet() -> String {
    "contact-sheet".to_owned()
}

fn five() -> u32 {
    5
}

fn wide() -> u32 {
    320
}

fn high() -> u32 {
    240
}

fn sixteen() -> u32 {
    16
}

fn white() -> String {
    "#ffffff".to_owned()
}

fn eighty_five() -> u8 {
    85
}

impl ContactSheetArgs {
    pub(super) fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut wrong = Vec::new();
        for (index, picture) in self.pictures.iter().enumerate() {
            picture.check(&format!("/pictures/{index}"), &mut wrong);
        }
        if !is_plain_name(&self.file_name()) {
            let message = "name must be a plain file name, without folders".to_owned();
            wrong.push(FieldError { field: "/name".to_owned(), message });
        }
        let (columns, rows) = self.grid(self.pictures.len());
        let wide = self.length(columns, self.cell_width);
        let high = self.length(rows, self.cell_height);
        if wide > MAX_SIDE || high > MAX_SIDE || wide * high > MAX_SHEET_PIXELS {
            let message = format!(
                "the sheet would have {wide} × {high} pixels; at most {} megapixels and {MAX_SIDE} pixels a side are \
                 allowed",
                MAX_SHEET_PIXELS / 1_000_000
            );
            wrong.push(FieldError { field: "/cell_width".to_owned(), message });
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// `contact-sheet.jpg`.
    pub(super) fn file_name(&self) -> String {
        format!("{}.{}", self.name, Format::from(self.format).extension())
    }

    /// Columns and rows of a sheet with so many pictures.
    pub(super) fn grid(&self, pictures: usize) -> (u32, u32) {
        let pictures = u32::try_from(pictures).unwrap_or(u32::MAX).max(1);
        let columns = self.columns.clamp(1, pictures);
        (columns, pictures.div_ceil(columns))
    }

    /// Of so many cells in a line, with the margins, in pixels.
    pub(super) fn length(&self, cells: u32, cell: u32) -> u64 {
        u64::from(cells) * (u64::from(cell) + u64::from(self.margin)) + u64::from(self.margin)
    }

    /// White where the text is no colour, which the schema refuses.
    pub(super) fn colour(&self) -> Rgb<u8> {
        let part = |at: usize| {
            let digits = self.background.get(at..at + 2);
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(255)
        };
        Rgb([part(1), part(3), part(5)])
    }
}
