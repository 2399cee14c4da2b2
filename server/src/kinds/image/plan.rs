//! Which part of a picture becomes a copy, and how large: whole numbers, no pixels. Everything is upright here.

use super::args::{Crop, Fit};

/// A part of a picture, in pixels. Lies within it and is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kinds) struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A copy that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kinds) struct Plan {
    pub area: Area,
    pub width: u32,
    pub height: u32,
}

/// The part of a picture of that size which `crop` wants; all of it without one.
///
/// # Errors
/// It does not lie within the picture, in a sentence.
pub(in crate::kinds) fn crop((width, height): (u32, u32), crop: Option<&Crop>) -> Result<Area, String> {
    let Some(&Crop { x, y, width: wide, height: high }) = crop else {
        return Ok(Area { x: 0, y: 0, width, height });
    };
    let fits =
        |at: u32, length: u32, all: u32| length > 0 && u64::from(at) + u64::from(length) <= u64::from(all);
    if fits(x, wide, width) && fits(y, high, height) {
        return Ok(Area { x, y, width: wide, height: high });
    }
    Err(format!(
        "the crop of {wide} × {high} pixels at {x}, {y} does not lie within the picture, which has {width} × {height}"
    ))
}

/// How `area` becomes a copy within `width` × `height`, or of that width where no height is said. Nothing is enlarged.
pub(in crate::kinds) fn plan(area: Area, width: u32, height: Option<u32>, fit: Fit) -> Plan {
    let size = (area.width, area.height);
    match (height, fit) {
        (None, _) | (Some(_), Fit::Contain) => {
            let (width, height) = contained(size, (width, height.unwrap_or(u32::MAX)));
            Plan { area, width, height }
        }
        (Some(height), Fit::Cover) => {
            let (width, height) = contained((width, height), size);
            Plan { area: middle(area, width, height), width, height }
        }
        (Some(height), Fit::Stretch) => {
            Plan { area, width: width.min(area.width), height: height.min(area.height) }
        }
    }
}

/// `size` made so small that it is within `most`, in its proportions: at least a pixel each way.
fn contained(size: (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let (width, height) = (u64::from(size.0), u64::from(size.1));
    let (most_wide, most_high) = (u64::from(most.0), u64::from(most.1));
    if width <= most_wide && height <= most_high {
        return size;
    }
    if most_wide * height <= most_high * width {
        (most.0, scaled(height, most_wide, width))
    } else {
        (scaled(width, most_high, height), most.1)
    }
}

/// The largest part in the middle that has the proportions `width` to `height`.
fn middle(area: Area, width: u32, height: u32) -> Area {
    let (own_width, own_height) = (u64::from(area.width), u64::from(area.height));
    let (wide, high) = if own_width * u64::from(height) > own_height * u64::from(width) {
        (scaled(own_height, width.into(), height.into()).min(area.width), area.height)
    } else {
        (area.width, scaled(own_width, height.into(), width.into()).min(area.height))
    };
    Area {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    }
}

/// `length · by / of`, rounded, at least 1. None of the callers' results is beyond 32 bits.
fn scaled(length: u64, by: u64, of: u64) -> u32 {
    u32::try_from((length * by + of / 2) / of).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: Area = Area { x: 0, y: 0, width: 400, height: 200 };

    fn planned(width: u32, height: Option<u32>, fit: Fit) -> ((u32, u32, u32, u32), (u32, u32)) {
        let Plan { area, width, height } = plan(WHOLE, width, height, fit);
        ((area.x, area.y, area.width, area.height), (width, height))
    }

    #[test]
    fn copies_fit_their_box_in_three_ways() {
        let whole = (0, 0, 400, 200);
        let table = [
            (100, None, Fit::Contain, whole, (100, 50)),
            (900, None, Fit::Contain, whole, (400, 200)),
            (100, Some(100), Fit::Contain, whole, (100, 50)),
            (300, Some(20), Fit::Contain, whole, (40, 20)),
            (100, Some(100), Fit::Cover, (100, 0, 200, 200), (100, 100)),
            (100, Some(20), Fit::Cover, (0, 60, 400, 80), (100, 20)),
            (400, Some(400), Fit::Cover, (100, 0, 200, 200), (200, 200)),
            (100, Some(300), Fit::Stretch, whole, (100, 200)),
        ];
        for (width, height, fit, area, size) in table {
            assert_eq!(planned(width, height, fit), (area, size), "{width} × {height:?}, {fit:?}");
        }
    }

    #[test]
    fn a_crop_lies_within_the_picture() {
        let cut = |x, y, width, height| crop((400, 200), Some(&Crop { x, y, width, height }));
        assert_eq!(crop((400, 200), None), Ok(WHOLE));
        assert_eq!(cut(0, 0, 400, 200), Ok(WHOLE));
        assert_eq!(cut(399, 199, 1, 1), Ok(Area { x: 399, y: 199, width: 1, height: 1 }));
        for (x, y, width, height) in [(1, 0, 400, 1), (0, 1, 1, 200), (0, 0, 0, 1), (u32::MAX, 0, 2, 1)] {
            assert!(cut(x, y, width, height).is_err_and(|says| says.contains("does not lie within")));
        }
    }

    proptest! {
        #[test]
        fn no_plan_leaves_the_picture_or_its_box(
            own in (1_u32..70_000, 1_u32..70_000), asked in (1_u32..=10_000, prop::option::of(1_u32..=10_000)),
            fit in prop::sample::select(vec![Fit::Contain, Fit::Cover, Fit::Stretch]),
        ) {
            let whole = Area { x: 0, y: 0, width: own.0, height: own.1 };
            let Plan { area, width, height } = plan(whole, asked.0, asked.1, fit);
            prop_assert!(area.width > 0 && area.height > 0 && width > 0 && height > 0);
            prop_assert!(area.x + area.width <= own.0 && area.y + area.height <= own.1);
            prop_assert!(width <= asked.0.min(own.0) && height <= asked.1.unwrap_or(u32::MAX).min(own.1));
        }
    }
}
