//! Files that a program is given, and files that it leaves.

use super::*;

fn file() -> ParameterConfig {
    ParameterConfig::new(ParameterType::File)
}

#[tokio::test]
async fn a_file_is_given_as_a_copy_that_may_be_changed() {
    let test = test_files();
    let sha256 = test.files.put("x", "text/plain", b"some text\n").expect("stored").sha256;
    let config = script(r#"echo "$1"; cat "$1"; echo changed > "$1"; ls -l "$1" | cut -c 1-10"#);
    let config = with_parameter(config, "source", file());
    let mut attempt = begin_with(config, json!({ "source": sha256 }), test);
    let (result, _) = attempt.ended().await;
    let result = result.expect("success");
    let lines: Vec<&str> = result["stdout"].as_str().expect("text").lines().collect();
    assert!(lines[0].starts_with('/') && lines[0].ends_with("/input/source.txt"), "{lines:?}");
    assert_eq!(lines[1], "some text");
    assert_eq!(attempt.files.files.read(&sha256).expect("still there"), b"some text\n");
    assert!(!std::path::Path::new(lines[0]).exists());
}

#[tokio::test]
async fn the_declared_ending_counts() {
    let test = test_files();
    let sha256 = test.files.put("x", "text/plain", b"PK").expect("stored").sha256;
    let parameter = ParameterConfig { extension: Some("docx".to_owned()), ..file() };
    let config = with_parameter(script(r#"echo "$1""#), "source", parameter);
    let (result, _) = begin_with(config, json!({ "source": sha256 }), test).ended().await;
    let stdout = result.expect("success")["stdout"].clone();
    assert!(stdout.as_str().is_some_and(|path| path.ends_with("/input/source.docx\n")), "{stdout}");
}

#[tokio::test]
async fn a_file_that_is_gone_is_a_failure() {
    let config = with_parameter(script("true"), "source", file());
    let (result, _) = run(config, json!({ "source": "a".repeat(64) })).await;
    let error = result.expect_err("gone").message;
    assert!(error.starts_with("no file has the content aaaa"), "{error}");
}

/// What a script left: the result's files, and the artifacts by name with their content.
async fn left_by(config: CommandConfig) -> (JobResult, Vec<(String, Vec<u8>)>, Vec<String>) {
    let mut attempt = begin(config, json!({}));
    let (result, log) = attempt.ended().await;
    let artifacts = attempt.context.ends.artifacts.lock().expect("not poisoned").clone();
    let read = |sha256: &str| attempt.files.files.read(sha256).expect("stored");
    let artifacts = artifacts.into_iter().map(|file| (file.name, read(&file.sha256))).collect();
    (result, artifacts, log)
}

#[tokio::test]
async fn files_in_the_output_folder_become_artifacts() {
    let mut config =
        script(r#"printf two > "$TASKYARD_OUTPUT/b.txt"; printf one > "$1/a.txt"; mkdir "$1/sub""#);
    config.args.push("{output}".to_owned());
    let (result, artifacts, log) = left_by(config).await;
    let result = result.expect("success");
    assert_eq!((&result["files"][0]["name"], &result["files"][1]["bytes"]), (&json!("a.txt"), &json!(3)));
    assert_eq!(artifacts, [("a.txt".into(), b"one".to_vec()), ("b.txt".into(), b"two".to_vec())]);
    assert_eq!(log, ["warn: sub is no file, and is not kept"]);
}

#[tokio::test]
async fn a_link_in_the_output_folder_is_not_followed() {
    let (result, artifacts, log) = left_by(script(r#"ln -s /etc/passwd "$TASKYARD_OUTPUT/p""#)).await;
    assert_eq!(result.expect("success")["files"], json!([]));
    assert!(artifacts.is_empty());
    assert_eq!(log, ["warn: p is no file, and is not kept"]);
}

#[tokio::test]
async fn too_many_and_too_large_files_are_refused() {
    let touch = script(r#"cd "$TASKYARD_OUTPUT"; touch a b c"#);
    let (result, artifacts, _) = left_by(CommandConfig { max_output_files: 2, ..touch.clone() }).await;
    assert_eq!(result.expect_err("too many").message, "it left more than 2 files");
    assert!(artifacts.is_empty());
    let (result, artifacts, _) = left_by(CommandConfig { max_output_files: 3, ..touch }).await;
    result.expect("just enough");
    assert_eq!(artifacts.len(), 3);
    let large = script(r#"head -c 1048577 /dev/zero > "$TASKYARD_OUTPUT/a""#);
    let (result, _, _) = left_by(CommandConfig { max_output_mb: 1, ..large }).await;
    let says = "the files that it left take 1048577 bytes; 1 MiB are allowed";
    assert_eq!(result.expect_err("too large").message, says);
}

#[tokio::test]
async fn a_name_that_no_file_may_have_is_refused() {
    let (result, _, _) = left_by(script(r#"touch "$TASKYARD_OUTPUT/a\b""#)).await;
    assert!(result.expect_err("a backslash").message.contains("is not a plain file name"));
    let (result, _, _) = left_by(script(r#"touch "$TASKYARD_OUTPUT/$(printf '\377')""#)).await;
    assert!(result.expect_err("no UTF-8").message.contains("whose name is not UTF-8"));
}

#[tokio::test]
async fn a_failed_program_leaves_no_artifacts() {
    let (result, artifacts, _) = left_by(script(r#"touch "$TASKYARD_OUTPUT/a"; exit 1"#)).await;
    result.expect_err("exit code 1");
    assert!(artifacts.is_empty());
}
