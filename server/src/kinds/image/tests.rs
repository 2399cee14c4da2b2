//! What becomes of pictures, whole and broken, large and upside down.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Rgb, RgbImage, Rgba, RgbaImage,
    load_from_memory,
};
use serde_json::{Value, json};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::FileRef;
use taskyard_shared::new_job::NewJob;

use super::{Image, ImageArgs, jpeg};
use crate::files::is_sha256;
use crate::kinds::KindRegistry;
use crate::kinds::tests::{NOW_MS, test_context, test_files};
use crate::kinds::worker::{JobResult, Worker};
use crate::store::{AfterFailure, AttemptEnd};

pub(in crate::kinds) const RED: [u8; 3] = [255, 0, 0];
pub(in crate::kinds) const GREEN: [u8; 3] = [0, 255, 0];
pub(in crate::kinds) const BLUE: [u8; 3] = [0, 0, 255];
pub(in crate::kinds) const WHITE: [u8; 3] = [255, 255, 255];

/// Four quarters: red and green above, blue and white below.
pub(in crate::kinds) fn quarters(width: u32, height: u32) -> DynamicImage {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    });
    picture.into()
}

pub(in crate::kinds) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("encoded");
    file.into_inner()
}

/// A JPEG with an EXIF segment that says how to hold it.
pub(in crate::kinds) fn with_orientation(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let file = encoded(picture, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&file[..2], &[0xff, 0xe1], &length, &exif, &file[2..]].concat()
}

/// What became of a picture: the outcome, and the artifacts as they are on the disk.
struct Made {
    outcome: JobResult,
    progress: Vec<u16>,
    log: Vec<String>,
    artifacts: Vec<(String, Vec<u8>)>,
}

/// Performs a job for a picture called `photo.jpg`, with these arguments besides.
async fn perform(content: &[u8], more: Value) -> Made {
    let test = test_files();
    let source = test.files.put("x", "image/x", content).expect("stored").sha256;
    let mut args = json!({ "source": source, "name": "photo.jpg" });
    if let (Some(args), Value::Object(more)) = (args.as_object_mut(), more) {
        args.extend(more);
    }
    let args: ImageArgs = serde_json::from_value(args).expect("arguments");
    let context = test_context(&test.files);
    let outcome = Image.perform(args, context.ctx).await;
    let artifacts = context.ends.artifacts.lock().expect("not poisoned").clone();
    let read = |file: FileRef| (file.name, test.files.read(&file.sha256).expect("stored"));
    let (progress, log) = (context.told.progress(), context.told.log());
    Made { outcome, progress, log, artifacts: artifacts.into_iter().map(read).collect() }
}

/// What is said of a picture that no attempt can use.
async fn fails(content: &[u8]) -> String {
    let error = perform(content, json!({})).await.outcome.expect_err("it must fail");
    match error.into_end(0) {
        AttemptEnd::Failed { error, then: AfterFailure::Final } => error,
        other => panic!("{other:?}"),
    }
}

/// The copies, decoded again, with their names.
async fn copies(content: &[u8], more: Value) -> Vec<(String, DynamicImage)> {
    let made = perform(content, more).await;
    made.outcome.unwrap_or_else(|error| panic!("{}", error.message));
    let decode = |(name, content): (String, Vec<u8>)| (name, load_from_memory(&content).expect("a picture"));
    made.artifacts.into_iter().map(decode).collect()
}

/// The colours in the middle of the four quarters, in reading order.
fn corners(picture: &DynamicImage) -> [[u8; 3]; 4] {
    let rgb = picture.to_rgb8();
    let (width, height) = rgb.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| rgb.get_pixel(width * x / 4, height * y / 4).0)
}

fn close(one: [[u8; 3]; 4], other: [[u8; 3]; 4]) -> bool {
    one.as_flattened().iter().zip(other.as_flattened()).all(|(a, b)| a.abs_diff(*b) < 24)
}

#[tokio::test]
async fn every_format_becomes_copies_of_every_format() {
    let picture = quarters(400, 200);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let content = encoded(&picture, format);
        for (asked, extension) in [("jpeg", "jpg"), ("png", "png"), ("webp", "webp")] {
            let made = copies(&content, json!({"widths": [100, 40], "format": asked})).await;
            let sizes: Vec<_> = made.iter().map(|(_, copy)| (copy.width(), copy.height())).collect();
            assert_eq!(sizes, [(100, 50), (40, 20)], "{format:?} to {asked}");
            assert_eq!(made[0].0, format!("photo-100.{extension}"));
            assert!(close(corners(&made[0].1), [RED, GREEN, BLUE, WHITE]), "{format:?} to {asked}");
        }
    }
}

#[tokio::test]
async fn copies_stand_upright_whatever_the_camera_held() {
    let expected = [
        [RED, GREEN, BLUE, WHITE],
        [GREEN, RED, WHITE, BLUE],
        [WHITE, BLUE, GREEN, RED],
        [BLUE, WHITE, RED, GREEN],
        [RED, BLUE, GREEN, WHITE],
        [BLUE, RED, WHITE, GREEN],
        [WHITE, GREEN, BLUE, RED],
        [GREEN, WHITE, RED, BLUE],
    ];
    for (orientation, colours) in (1..).zip(expected) {
        let content = with_orientation(&quarters(160, 80), orientation);
        let made = copies(&content, json!({"widths": [40, 500], "format": "png"})).await;
        let (small, whole) = (&made[0].1, &made[1].1);
        let sizes = [(small.width(), small.height()), (whole.width(), whole.height())];
        let upright = if orientation < 5 { [(40, 20), (160, 80)] } else { [(40, 80), (80, 160)] };
        assert_eq!(sizes, upright, "orientation {orientation}");
        assert!(
            close(corners(small), colours) && close(corners(whole), colours),
            "orientation {orientation}"
        );
    }
}

#[tokio::test]
async fn the_result_lists_the_copies_and_nothing_is_enlarged() {
    let content = encoded(&quarters(300, 100), ImageFormat::Png);
    let result = perform(&content, json!({})).await.outcome.expect("made");
    assert_eq!(result["source"], json!({"width": 300, "height": 100}));
    assert_eq!(result["copies"][0]["name"], "photo-320.webp");
    assert_eq!((&result["copies"][1]["width"], &result["copies"][1]["height"]), (&json!(300), &json!(100)));
    assert!(result["copies"][1]["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    assert!(result["copies"][1]["sha256"].as_str().is_some_and(is_sha256));
}

#[tokio::test]
async fn the_log_tells_the_sizes() {
    let log = perform(&encoded(&quarters(8, 4), ImageFormat::Png), json!({"widths": [4]})).await.log;
    assert_eq!((log.len(), log[0].as_str()), (2, "info: decoded 8 × 4 pixels"));
    assert!(log[1].starts_with("info: made photo-4.webp: 4 × 2 pixels, "), "{log:?}");
}

#[tokio::test]
async fn progress_comes_with_each_copy() {
    let made = perform(&encoded(&quarters(8, 8), ImageFormat::Png), json!({"widths": [1, 2, 4, 8]})).await;
    assert_eq!(made.progress, [200, 400, 600, 800, 1000]);
}

#[tokio::test]
async fn a_cancelled_job_stops_before_its_next_copy() {
    let test = test_files();
    let source =
        test.files.put("x", "x", &encoded(&quarters(8, 8), ImageFormat::Png)).expect("stored").sha256;
    let args = serde_json::from_value(json!({"source": source})).expect("arguments");
    let context = test_context(&test.files);
    context.cancel.cancel();
    assert!(Image.perform(args, context.ctx).await.is_err());
    assert!(context.ends.artifacts.lock().expect("not poisoned").is_empty());
}

/// Where the quarters meet is at the middle, so a crop around it shows which part was taken, and which way up.
#[tokio::test]
async fn a_crop_is_taken_from_the_upright_picture() {
    let expected = [[RED, GREEN, BLUE, WHITE], [GREEN, RED, WHITE, BLUE], [WHITE, BLUE, GREEN, RED]];
    let more = [[BLUE, WHITE, RED, GREEN], [RED, BLUE, GREEN, WHITE], [BLUE, RED, WHITE, GREEN]];
    let most = [[WHITE, GREEN, BLUE, RED], [GREEN, WHITE, RED, BLUE]];
    for (orientation, colours) in (1..).zip([&expected[..], &more, &most].concat()) {
        let content = with_orientation(&quarters(160, 80), orientation);
        let (width, height) = if orientation < 5 { (160_u32, 80_u32) } else { (80, 160) };
        for (column, row) in [(0_u32, 0_u32), (1, 0), (0, 1), (1, 1)] {
            let crop = json!({"x": column * width / 2, "y": row * height / 2, "width": width / 2, "height": height / 2});
            for asked in [20_u32, 500] {
                let made = copies(&content, json!({"widths": [asked], "crop": crop, "format": "png"})).await;
                let colour = colours[usize::try_from(row * 2 + column).expect("small")];
                assert!(close(corners(&made[0].1), [colour; 4]), "orientation {orientation}, {crop}");
                assert_eq!(made[0].1.width(), asked.min(width / 2));
            }
        }
    }
}

#[tokio::test]
async fn a_crop_beyond_the_picture_fails_and_says_its_size() {
    let content = encoded(&quarters(40, 20), ImageFormat::Png);
    let crop = json!({"crop": {"x": 30, "y": 0, "width": 20, "height": 10}});
    let error = perform(&content, crop).await.outcome.expect_err("it must fail");
    let says = "the crop of 20 × 10 pixels at 30, 0 does not lie within the picture, which has 40 × 20";
    assert!(error.message == says && error.is_final(), "{}", error.message);
}

#[tokio::test]
async fn copies_fit_a_box_as_asked() {
    let content = with_orientation(&quarters(160, 80), 6);
    for (fit, size, colours) in [
        ("contain", (20, 40), [BLUE, RED, WHITE, GREEN]),
        ("cover", (40, 40), [BLUE, RED, WHITE, GREEN]),
        ("stretch", (40, 40), [BLUE, RED, WHITE, GREEN]),
    ] {
        let made = copies(&content, json!({"widths": [40], "height": 40, "fit": fit, "format": "png"})).await;
        assert_eq!(made[0].0, "photo-40x40.png");
        assert_eq!((made[0].1.width(), made[0].1.height()), size, "{fit}");
        assert!(close(corners(&made[0].1), colours), "{fit}");
    }
}

#[tokio::test]
async fn where_a_photo_was_taken_stays_with_the_original() {
    let whole = with_orientation(&quarters(64, 32), 6);
    // Another EXIF segment (its text stands for a place), an XMP segment and a comment behind it.
    let segment = |marker: u8, text: &[u8]| {
        let length = u16::try_from(text.len() + 2).expect("short").to_be_bytes();
        [&[0xff, marker], &length[..], text].concat()
    };
    let secrets = [
        segment(0xe1, b"Exif\0\0MM\0*SECRET GPS"),
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>"),
        segment(0xfe, b"SECRET comment"),
    ];
    let content = [&whole[..2], &secrets.concat(), &whole[2..]].concat();
    for format in ["jpeg", "png", "webp"] {
        let made = perform(&content, json!({"widths": [16, 500], "format": format})).await;
        assert!(made.outcome.is_ok());
        for (name, copy) in made.artifacts {
            for trace in [&b"SECRET"[..], b"Exif", b"EXIF", b"eXIf", b"xmp"] {
                assert!(!copy.windows(trace.len()).any(|found| found == trace), "{name}: {trace:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_transparent_is_white_in_a_jpeg() {
    let clear: DynamicImage = RgbaImage::from_pixel(20, 20, Rgba([9, 9, 9, 0])).into();
    let made = copies(&encoded(&clear, ImageFormat::Png), json!({"widths": [10], "format": "jpeg"})).await;
    assert!(close(corners(&made[0].1), [WHITE; 4]));
}

#[tokio::test]
async fn sixteen_bits_and_greys_become_copies_too() {
    let deep: DynamicImage = quarters(40, 40).to_rgba16().into();
    let made = copies(&encoded(&deep, ImageFormat::Png), json!({"widths": [20]})).await;
    assert!(close(corners(&made[0].1), [RED, GREEN, BLUE, WHITE]));
    let grey: DynamicImage = quarters(40, 40).to_luma16().into();
    let made = copies(&encoded(&grey, ImageFormat::Png), json!({"widths": [20], "format": "jpeg"})).await;
    assert_eq!(made[0].1.color(), image::ColorType::L8);
}

#[tokio::test]
async fn a_colour_profile_goes_over_to_the_copies_if_it_fits_them() {
    for (space, kept) in [(b"RGB ", true), (b"CMYK", false)] {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(space);
        let mut content = Vec::new();
        let mut encoder = JpegEncoder::new(&mut content);
        encoder.set_icc_profile(profile.clone()).expect("JPEG has profiles");
        quarters(32, 32).write_with_encoder(encoder).expect("encoded");
        for format in ["jpeg", "png", "webp"] {
            let made = perform(&content, json!({"widths": [16], "format": format})).await;
            let copy =
                ImageReader::new(Cursor::new(&made.artifacts[0].1)).with_guessed_format().expect("memory");
            let found = copy.into_decoder().expect("a picture").icc_profile().expect("readable");
            assert_eq!(found, kept.then(|| profile.clone()), "{format}");
        }
    }
}

#[tokio::test]
async fn what_is_no_picture_fails_with_a_sentence() {
    for content in [&b""[..], b"hello", b"%PDF-1.7 not a picture", b"BM\0\0\0\0\0\0", &[0; 1000]] {
        let message = fails(content).await;
        assert_eq!(message, "the file is not a picture that can be read: JPEG, PNG, WebP or GIF");
    }
}

#[tokio::test]
async fn cut_off_pictures_fail_with_a_sentence() {
    let noise = RgbImage::from_fn(200, 200, |x, y| {
        Rgb([x * y % 251, x * 7 % 256, y * 13 % 256].map(|v| u8::try_from(v).expect("small")))
    });
    let picture = noise.into();
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let whole = encoded(&picture, format);
        for cut in [whole.len() / 20, whole.len() / 2, whole.len() * 9 / 10] {
            let message = fails(&whole[..cut]).await;
            assert!(message.starts_with("the picture is damaged"), "{format:?} cut at {cut}: {message}");
        }
    }
}

#[tokio::test]
async fn a_bomb_is_refused_by_its_header_alone() {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], content: &[u8], crc: u32| {
        png.extend(u32::try_from(content.len()).expect("short").to_be_bytes());
        png.extend([name, content].concat());
        png.extend(crc.to_be_bytes());
    };
    let side = 100_000u32.to_be_bytes();
    let header = [&side[..], &side[..], &[8, 6, 0, 0, 0]].concat();
    chunk(b"IHDR", &header, crc32(&[b"IHDR", &header[..]].concat()));
    chunk(b"IDAT", &[], crc32(b"IDAT"));
    let message = fails(&png).await;
    assert_eq!(message, "the picture has 100000 × 100000 pixels; at most 100 megapixels are allowed");
}

/// The checksum of PNG chunks, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

#[tokio::test]
async fn a_copy_too_tall_for_its_format_fails_and_says_what_to_do() {
    let tall = encoded(&DynamicImage::new_luma8(2, 16_400), ImageFormat::Png);
    let message = fails(&tall).await;
    assert!(message.contains("choose another format or a smaller width"), "{message}");
    assert_eq!(copies(&tall, json!({"widths": [2], "format": "png"})).await.len(), 1);
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_picture() {
    let whole = encoded(&quarters(16, 16), ImageFormat::Jpeg);
    let segment = [&[0xff, 0xe1, 0, 8][..], b"ab\xff\xd9cd"].concat();
    let with_thumbnail = [&whole[..2], &segment, &whole[2..]].concat();
    assert!(jpeg::is_complete(&whole) && jpeg::is_complete(&with_thumbnail));
    assert!(jpeg::is_complete(&[&with_thumbnail, &b"appended"[..]].concat()));
    assert!(!jpeg::is_complete(&with_thumbnail[..with_thumbnail.len() - 2]));
    for cut in 0..whole.len() - 1 {
        assert!(!jpeg::is_complete(&whole[..cut]), "cut at {cut}");
    }
}

#[tokio::test]
async fn a_job_is_only_added_for_an_upload_that_exists() {
    let test = test_files();
    let kinds = KindRegistry::builder().register(Image).expect("registered").build();
    let job = |args: Value| NewJob::new("image", args);
    let source =
        test.files.put("x", "x", &encoded(&quarters(8, 8), ImageFormat::Gif)).expect("stored").sha256;

    let prepared = kinds.prepare(job(json!({"source": source, "name": "a.gif"})), &test.files, NOW_MS).await;
    let insert = prepared.expect("accepted");
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("a.gif", "2 sizes"));
    assert_eq!(
        (insert.inputs[0].name.as_str(), insert.inputs[0].media_type.as_str()),
        ("a.gif", "image/gif")
    );

    let gone = "there is no such upload; unused ones are removed after a day";
    let table = [
        (json!({"source": "0".repeat(64)}), "/source", gone),
        (
            json!({"source": "../x"}),
            "/source",
            "source must be the SHA-256 of an upload: 64 hexadecimal digits",
        ),
        (json!({}), "/source", "source is required"),
        (
            json!({"source": source, "name": "../x"}),
            "/name",
            "name must be a plain file name, without folders",
        ),
        (json!({"source": source, "widths": []}), "/widths", "widths must have 1 to 10 entries"),
        (json!({"source": source, "widths": [9, 0]}), "/widths/1", "entry 2 of widths must be 1 to 10000"),
        (json!({"source": source, "widths": [1.5]}), "/widths/0", "entry 1 of widths must be a whole number"),
        (json!({"source": source, "widths": [7, 7]}), "/widths", "widths must not have the same entry twice"),
        (json!({"source": source, "format": "bmp"}), "/format", "format must be one of jpeg, png, webp"),
        (json!({"source": source, "quality": 0}), "/quality", "quality must be 1 to 100"),
        (json!({"source": source, "fit": "cover"}), "/height", "height is required unless fit is contain"),
        (
            json!({"source": source, "crop": {"x": 1, "y": 1, "width": 2}}),
            "/crop/height",
            "height is required",
        ),
    ];
    for (args, field, sentence) in table {
        let error = kinds.prepare(job(args), &test.files, NOW_MS).await.expect_err(sentence);
        assert_eq!(error.code, ErrorCode::InvalidArguments);
        let fields: Vec<_> = error.fields.iter().map(|f| (f.field.as_str(), f.message.as_str())).collect();
        assert_eq!(fields, [(field, sentence)]);
    }
}
