//! What the program gets, and what becomes of what it writes and of its exit code.

use super::*;

#[tokio::test]
async fn whatever_a_job_says_arrives_as_one_argument_untouched() {
    let config = with_parameter(script(r#"printf '%s\n' "$#" "$1""#), "text", text());
    for hostile in
        ["; rm -rf /", "$(id) `id` $HOME", "a b  c\t'\"\\", "*", "{text} {output}", "two\nlines", "ü–😀", ""]
    {
        let stdout = stdout_of(config.clone(), json!({ "text": hostile })).await;
        assert_eq!(stdout, format!("1\n{hostile}\n"));
    }
}

#[tokio::test]
async fn values_and_defaults_stand_where_the_template_says() {
    let mut config = script(r#"printf '<%s>' "$@""#);
    let number = ParameterConfig { default: Some(7.into()), ..ParameterConfig::new(ParameterType::Integer) };
    let flag = ParameterConfig::new(ParameterType::Boolean);
    config.parameters = [("n".to_owned(), number), ("b".to_owned(), flag), ("t".to_owned(), text())].into();
    config.args.extend(["--size={n}x{n}".to_owned(), "{b}".to_owned(), "{{{t}}}".to_owned()]);
    let stdout = stdout_of(config.clone(), json!({ "b": true, "t": "x" })).await;
    assert_eq!(stdout, "<--size=7x7><true><{x}>");
    let stdout = stdout_of(config, json!({ "b": false, "t": "x", "n": 0 })).await;
    assert_eq!(stdout, "<--size=0x0><false><{x}>");
}

#[tokio::test]
async fn the_environment_is_what_is_declared() {
    let mut config = CommandConfig::new("env");
    config.env = [("OWN".to_owned(), "a {text} $b".to_owned())].into();
    // Cargo sets it for tests.
    config.pass_env = vec!["CARGO_PKG_NAME".to_owned(), "NOBODY_SET_THIS".to_owned()];
    let stdout = stdout_of(config, json!({})).await;
    let mut names: Vec<&str> = stdout.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !matches!(*name, "LANG" | "TZ"));
    names.sort_unstable();
    let expected =
        ["CARGO_PKG_NAME", "OWN", "PATH", "TASKYARD_ATTEMPT", "TASKYARD_JOB_ID", "TASKYARD_OUTPUT"];
    assert_eq!(names, expected);
    assert!(stdout.contains("OWN=a {text} $b\n") && stdout.contains("CARGO_PKG_NAME=taskyard\n"), "{stdout}");
}

#[tokio::test]
async fn it_works_where_it_is_told_and_else_in_a_private_folder() {
    let stdout = stdout_of(CommandConfig { dir: Some("/".into()), ..script("pwd") }, json!({})).await;
    assert_eq!(stdout, "/\n");
    let stdout = stdout_of(script("ls -A; ls -ld ..; pwd"), json!({})).await;
    let (modes, folder) = stdout.trim().split_once('\n').expect("two lines");
    assert!(modes.starts_with("drwx------"), "{modes}");
    assert!(folder.ends_with("/work") && !std::path::Path::new(folder).exists(), "{folder}");
}

#[tokio::test]
async fn standard_input_is_empty() {
    assert_eq!(stdout_of(script("cat; read line || echo closed"), json!({})).await, "closed\n");
}

#[tokio::test]
async fn what_it_writes_is_logged_while_it_runs() {
    let mut attempt = begin(script("echo '::progress 0.25'; echo ready; sleep 1000"), json!({}));
    assert_eq!(attempt.first_line().await, "ready");
    assert!(!attempt.result.is_finished());
    attempt.context.cancel.cancel();
    let told = Arc::clone(&attempt.context.told);
    let (result, _) = attempt.ended().await;
    assert_eq!(result.expect_err("cancelled").message, "cancelled");
    assert_eq!(told.progress(), [250]);
}

#[tokio::test]
async fn both_outputs_are_logged_and_the_first_is_the_result() {
    let (result, mut log) = run(script("echo out; echo err >&2; printf last"), json!({})).await;
    let result = result.expect("success");
    assert_eq!((&result["exit_code"], &result["stdout"]), (&json!(0), &json!("out\nlast")));
    assert_eq!((&result["truncated"], &result["files"]), (&json!(false), &json!([])));
    log.sort();
    assert_eq!(log, ["info: last", "info: out", "warn: err"]);
}

#[tokio::test]
async fn a_flood_without_line_breaks_is_read_to_its_end_and_cut() {
    let (result, log) = run(script("head -c 20000000 /dev/zero | tr '\\0' x"), json!({})).await;
    let result = result.expect("success");
    assert_eq!(result["stdout"].as_str().map(str::len), Some(64 * 1024));
    assert_eq!(result["truncated"], true);
    assert_eq!(log.len(), 1);
    assert!(log[0].len() < 5_000);
}

#[tokio::test]
async fn an_exit_code_that_is_no_success_is_a_failure_with_the_last_line() {
    let fails = || script("echo first >&2; echo 'no such picture' >&2; exit 3");
    let says = "try ended with exit code 3: no such picture".to_owned();
    assert_eq!(error_of(fails()).await, (says.clone(), true));
    assert_eq!(error_of(CommandConfig { do_not_retry_codes: vec![2, 3], ..fails() }).await, (says, false));
    let (result, _) = run(CommandConfig { success_codes: vec![0, 3], ..fails() }, json!({})).await;
    assert_eq!(result.expect("success")["exit_code"], 3);
    let none = CommandConfig { success_codes: vec![1], ..script("exit 0") };
    assert_eq!(error_of(none).await, ("try ended with exit code 0".to_owned(), true));
}

#[tokio::test]
async fn a_signal_is_a_failure_and_named() {
    let (says, again) = error_of(script("kill -KILL $$")).await;
    assert_eq!((says.as_str(), again), ("try was ended by signal 9 (SIGKILL)", true));
}

#[tokio::test]
async fn a_program_that_is_gone_since_the_start_is_a_failure() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("program");
    std::fs::copy("/bin/sh", &path).expect("copied");
    let worker = command(CommandConfig::new(path.to_str().expect("UTF-8")));
    drop(dir);
    let test = test_files();
    let args = CommandArgs { command: "try".to_owned(), parameters: Map::new() };
    let error = worker.perform(args, test_context(&test.files).ctx).await.expect_err("it is gone");
    assert!(error.message.starts_with("try could not be started: "), "{}", error.message);
}
