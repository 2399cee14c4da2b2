//! What comes onto a sheet, and what becomes of it when a picture is broken or not there.

use image::{DynamicImage, ImageFormat, RgbImage, load_from_memory};
use serde_json::{Value, json};
use taskyard_shared::job::JobId;
use taskyard_shared::new_job::{After, NewJob};

use super::{ContactSheet, ContactSheetArgs};
use crate::kinds::image::tests::{BLUE, GREEN, RED, WHITE, encoded, quarters, with_orientation};
use crate::kinds::tests::{NOW_MS, TestContext, TestFiles, test_context, test_files};
use crate::kinds::worker::{JobResult, Worker};
use crate::kinds::{FileArg, KindRegistry};

fn stored(test: &TestFiles, content: &[u8]) -> FileArg {
    let file = test.files.put("x", "image/x", content).expect("stored");
    FileArg { upload: Some(file.sha256), ..FileArg::default() }
}

fn plain(colour: [u8; 3], width: u32, height: u32) -> Vec<u8> {
    let picture: DynamicImage = RgbImage::from_pixel(width, height, image::Rgb(colour)).into();
    encoded(&picture, ImageFormat::Png)
}

async fn perform(test: &TestFiles, pictures: Vec<FileArg>, more: Value) -> (JobResult, TestContext) {
    let mut args = json!({ "pictures": pictures, "cell_width": 40, "cell_height": 20, "margin": 10 });
    if let (Some(args), Value::Object(more)) = (args.as_object_mut(), more) {
        args.extend(more);
    }
    let args: ContactSheetArgs = serde_json::from_value(args).expect("arguments");
    let context = test_context(&test.files);
    (ContactSheet.perform(args, context.ctx.clone()).await, context)
}

fn sheet(test: &TestFiles, context: &TestContext) -> RgbImage {
    let artifacts = context.ends.artifacts.lock().expect("not poisoned").clone();
    let content = test.files.read(&artifacts[0].sha256).expect("stored");
    load_from_memory(&content).expect("a picture").to_rgb8()
}

#[tokio::test]
async fn pictures_stand_row_by_row_in_the_middle_of_their_cells() {
    let test = test_files();
    let pictures = vec![
        stored(&test, &plain(RED, 400, 200)),
        stored(&test, &plain(GREEN, 100, 200)),
        stored(&test, &plain(BLUE, 4, 4)),
    ];
    let more = json!({"columns": 2, "background": "#102030", "format": "png", "name": "all"});
    let (result, context) = perform(&test, pictures, more).await;
    let result = result.expect("made");
    assert_eq!((&result["name"], &result["pictures"]), (&json!("all.png"), &json!(3)));
    assert_eq!(context.told.progress(), [300, 600, 900, 1000]);

    let sheet = sheet(&test, &context);
    assert_eq!(sheet.dimensions(), (110, 70));
    let at = |x, y| sheet.get_pixel(x, y).0;
    let behind = [16, 32, 48];
    assert_eq!((at(10, 10), at(49, 29), at(9, 10), at(50, 10)), (RED, RED, behind, behind));
    assert_eq!((at(80, 20), at(60, 20), at(99, 20)), (GREEN, behind, behind));
    assert_eq!((at(30, 50), at(27, 50), at(80, 50)), (BLUE, behind, behind));
}

#[tokio::test]
async fn a_cell_is_covered_and_pictures_stand_upright() {
    let test = test_files();
    let sideways = with_orientation(&quarters(160, 80), 6);
    let (result, context) =
        perform(&test, vec![stored(&test, &sideways)], json!({"fit": "cover", "format": "png"})).await;
    assert_eq!(result.expect("made")["width"], 60);
    let sheet = sheet(&test, &context);
    let near =
        |x, y, colour: [u8; 3]| sheet.get_pixel(x, y).0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 24);
    assert!(near(15, 12, BLUE) && near(45, 12, RED) && near(15, 27, WHITE) && near(45, 27, GREEN));
    assert!(near(5, 5, WHITE));
}

#[tokio::test]
async fn a_broken_picture_is_named_or_left_out() {
    let test = test_files();
    let whole = plain(RED, 40, 20);
    let broken = FileArg { name: "b.png".to_owned(), ..stored(&test, &whole[..whole.len() / 2]) };
    let pictures = vec![stored(&test, &whole), broken, stored(&test, &plain(BLUE, 40, 20))];

    let (result, context) = perform(&test, pictures.clone(), json!({})).await;
    let error = result.expect_err("it must fail");
    assert!(error.message.starts_with("picture 2 (b.png): the picture is damaged"), "{}", error.message);
    assert!(error.is_final() && context.ends.artifacts.lock().expect("not poisoned").is_empty());

    let more = json!({"on_error": "skip", "columns": 1, "format": "png"});
    let (result, context) = perform(&test, pictures.clone(), more.clone()).await;
    let result = result.expect("made");
    assert_eq!((&result["pictures"], &result["skipped"][0]["picture"]), (&json!(2), &json!(2)));
    assert!(context.told.log()[0].starts_with("warn: left out picture 2 (b.png): the picture is damaged"));
    let sheet = sheet(&test, &context);
    assert_eq!((sheet.dimensions(), sheet.get_pixel(30, 50).0), ((60, 70), BLUE));

    let (result, _) = perform(&test, vec![pictures[1].clone()], more).await;
    assert_eq!(
        result.expect_err("nothing is left").message,
        "none of the pictures could be used; the log says why"
    );
}

#[tokio::test]
async fn what_cannot_become_a_sheet_is_refused_when_it_is_added() {
    let test = test_files();
    let kinds = KindRegistry::builder().register(ContactSheet).expect("registered").build();
    let (one, two) = (stored(&test, b"one"), stored(&test, b"two"));
    let artifact = json!({"job": 7, "name": "a.png"});

    let args = json!({"pictures": [one, two, one, artifact]});
    let insert =
        kinds.prepare(NewJob::new("contact-sheet", args), &test.files, NOW_MS).await.expect("accepted");
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("contact-sheet.jpg", "4 pictures"));
    let inputs: Vec<_> = insert.inputs.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(inputs, ["upload.txt", "upload-2.txt"]);
    assert!(!insert.takes_results);

    let after = json!({"pictures": [{"after": 0, "name": "a.png"}]});
    let job = NewJob { after: vec![After::Job(JobId(7))], ..NewJob::new("contact-sheet", after) };
    let insert = kinds.prepare(job, &test.files, NOW_MS).await.expect("accepted");
    assert!(insert.args.contains(r#"{"job":7,"name":"a.png"}"#), "{}", insert.args);

    let table = [
        (json!({"pictures": []}), "/pictures", "pictures must have 1 to 100 entries"),
        (
            json!({"pictures": [{"name": "a"}]}),
            "/pictures/0",
            "say which file with one of upload, job, ref and after",
        ),
        (
            json!({"pictures": [{"upload": "0".repeat(64)}]}),
            "/pictures/0/upload",
            "there is no such upload; unused ones are removed after a day",
        ),
        (
            json!({"pictures": [{"ref": "a", "name": "b"}]}),
            "/pictures/0",
            "what \"a\" makes cannot be had: the job must come after the one that it is taken from",
        ),
        (
            json!({"pictures": [artifact], "name": "a/b"}),
            "/name",
            "name must be a plain file name, without folders",
        ),
        (
            json!({"pictures": vec![artifact; 100], "cell_width": 2000, "cell_height": 2000}),
            "/cell_width",
            "the sheet would have 10096 × 40336 pixels; at most 50 megapixels and 65535 pixels a side are allowed",
        ),
    ];
    for (args, field, sentence) in table {
        let error = kinds.prepare(NewJob::new("contact-sheet", args), &test.files, NOW_MS).await;
        let fields: Vec<_> =
            error.expect_err(sentence).fields.into_iter().map(|f| (f.field, f.message)).collect();
        assert_eq!(fields, [(field.to_owned(), sentence.to_owned())]);
    }
}
