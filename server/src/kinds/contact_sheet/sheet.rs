//! The sheet while it is being filled.

use image::{DynamicImage, Rgb, RgbImage};

use super::args::ContactSheetArgs;

/// Cells that are filled one after the other, row by row.
pub(super) struct Sheet {
    pixels: RgbImage,
    columns: u32,
    cell: (u32, u32),
    margin: u32,
    filled: u32,
}

impl Sheet {
    /// With room for all pictures. How large it may be was checked when the job was added.
    pub fn new(args: &ContactSheetArgs) -> Self {
        let (columns, rows) = args.grid(args.pictures.len());
        let length = |cells, cell| u32::try_from(args.length(cells, cell)).unwrap_or(u32::MAX);
        let (width, height) = (length(columns, args.cell_width), length(rows, args.cell_height));
        Sheet {
            pixels: RgbImage::from_pixel(width, height, args.colour()),
            columns,
            cell: (args.cell_width, args.cell_height),
            margin: args.margin,
            filled: 0,
        }
    }

    pub fn filled(&self) -> u32 {
        self.filled
    }

    /// Puts a picture that is no larger than a cell into the middle of the next one.
    pub fn put(&mut self, picture: DynamicImage) {
        let at = |index: u32, cell: u32, own: u32| {
            self.margin + index * (cell + self.margin) + cell.saturating_sub(own) / 2
        };
        let left = at(self.filled % self.columns, self.cell.0, picture.width());
        let top = at(self.filled / self.columns, self.cell.1, picture.height());
        self.filled += 1;
        for (x, y, from) in picture.into_rgba8().enumerate_pixels() {
            if let Some(to) = self.pixels.get_pixel_mut_checked(left + x, top + y) {
                let [red, green, blue, alpha] = from.0;
                *to = Rgb([over(red, to[0], alpha), over(green, to[1], alpha), over(blue, to[2], alpha)]);
            }
        }
    }

    /// The sheet without rows that nothing came into.
    pub fn finish(self) -> RgbImage {
        let rows = self.filled.div_ceil(self.columns).max(1);
        let height = (rows * (self.cell.1 + self.margin) + self.margin).min(self.pixels.height());
        let width = self.pixels.width();
        let mut pixels = self.pixels.into_raw();
        pixels.truncate(width as usize * height as usize * 3);
        RgbImage::from_raw(width, height, pixels).expect("so many bytes were kept")
    }
}

/// A colour in front of another; `alpha` 255 hides what is behind.
fn over(front: u8, back: u8, alpha: u8) -> u8 {
    let (front, back, alpha) = (u32::from(front), u32::from(back), u32::from(alpha));
    u8::try_from((front * alpha + back * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}
