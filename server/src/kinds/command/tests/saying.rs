//! What a job may say of a command, what is refused with which words, and what cannot be declared.

use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::new_job::NewJob;

use super::super::CommandSetupError;
use super::*;
use crate::kinds::KindRegistry;
use crate::kinds::tests::NOW_MS;
use crate::store::JobInsert;

fn registry() -> KindRegistry {
    let width = ParameterConfig {
        min: Some(1),
        max: Some(4_000),
        default: Some(320.into()),
        ..ParameterConfig::new(ParameterType::Integer)
    };
    let title = ParameterConfig { pattern: Some("[a-z -]*|ü".to_owned()), max_chars: Some(9), ..text() };
    let look = ParameterConfig { choices: Some(vec!["-f".into(), "-s".into()]), ..text() };
    let mut resize = CommandConfig::new("true");
    for (name, parameter) in [
        ("width", width),
        ("title", title),
        ("look", ParameterConfig { default: Some("-f".into()), ..look }),
        ("picture", ParameterConfig::new(ParameterType::File)),
    ] {
        resize = with_parameter(resize, name, parameter);
    }
    resize.queues = vec!["media".to_owned(), "night".to_owned()];
    let dash = ParameterConfig { allow_leading_dash: Some(true), ..text() };
    let echo = with_parameter(CommandConfig::new("echo"), "text", dash);
    let commands = [("resize".to_owned(), resize), ("echo".to_owned(), echo)].into();
    let kinds = KindRegistry::builder().register(Command::new(&commands).expect("good declarations"));
    kinds.expect("a good kind").build()
}

async fn prepare(args: Value, queue: Option<&str>) -> Result<JobInsert, WireError> {
    let test = test_files();
    test.files.put("x", "text/plain", b"picture").expect("stored");
    let job = NewJob { queue: queue.map(str::to_owned), ..NewJob::new("command", args) };
    registry().prepare(job, &test.files, NOW_MS).await
}

/// SHA-256 of `picture`.
fn picture() -> String {
    let test = test_files();
    test.files.put("x", "text/plain", b"picture").expect("stored").sha256
}

async fn complaints(args: Value) -> Vec<(String, String)> {
    let error = prepare(args, None).await.expect_err("it must be refused");
    assert_eq!(error.code, ErrorCode::InvalidArguments);
    error.fields.into_iter().map(|field| (field.field, field.message)).collect()
}

#[tokio::test]
async fn what_is_declared_may_be_said() {
    let insert =
        prepare(json!({ "command": "resize", "parameters": { "picture": picture(), "title": "a-b" } }), None)
            .await
            .expect("good arguments");
    assert_eq!((&*insert.queue, insert.name.as_str()), ("media", "resize"));
    assert_eq!(insert.detail, format!("picture {}…, title a-b", &picture()[..8]));
    assert_eq!((insert.inputs[0].name.as_str(), insert.inputs[0].sha256.as_str()), ("picture", &*picture()));
    let insert = prepare(json!({ "command": "echo", "parameters": { "text": "-n" } }), None).await;
    assert_eq!(&*insert.expect("good arguments").queue, "command");
}

#[tokio::test]
async fn everything_else_is_refused_at_its_field() {
    let table = [
        (json!({ "command": "rm" }), "/command", "command must be one of echo, resize"),
        (json!({}), "/command", "command is required"),
        (json!({ "command": "echo" }), "/parameters", "parameters is required"),
        (json!({ "command": "echo", "parameters": {} }), "/parameters/text", "text is required"),
        (
            json!({ "command": "echo", "parameters": { "text": "", "width": 3 } }),
            "/parameters/width",
            "there is no argument \"width\"; there are text",
        ),
        (json!({ "command": "echo", "parameters": { "text": 7 } }), "/parameters/text", "text must be text"),
        (
            json!({ "command": "echo", "parameters": { "text": "a\0b" } }),
            "/parameters/text",
            "text must not have a NUL character",
        ),
        (
            json!({ "command": "echo", "parameters": { "text": "\u{1b}[31m" } }),
            "/parameters/text",
            "text must have no control characters but tabs and line breaks",
        ),
        (
            json!({ "command": "echo", "parameters": { "text": "x".repeat(257) } }),
            "/parameters/text",
            "text has 257 characters; at most 256 are allowed",
        ),
        (json!({ "command": "echo", "args": [] }), "/args", "there is no argument \"args\""),
    ];
    for (args, field, says) in table {
        let found = complaints(args.clone()).await;
        assert!(found.iter().any(|(at, text)| at == field && text.starts_with(says)), "{args}\n{found:?}");
    }
}

#[tokio::test]
async fn bounds_of_each_type_hold() {
    let table = [
        ("width", json!(0), "width must be 1 to 4000"),
        ("width", json!(4_001), "width must be 1 to 4000"),
        ("width", json!("320"), "width must be a whole number"),
        ("width", json!(1.5), "width must be a whole number"),
        ("title", json!("Capital"), "title does not fit: it does not match"),
        ("title", json!("a\n"), "title does not fit: it does not match"),
        ("title", json!("ü; rm"), "title does not fit: it does not match"),
        ("title", json!("-rf"), "title must not begin with -, or the program could take it for an option"),
        ("look", json!("-x"), "look must be one of -f, -s"),
        ("picture", json!("a.jpg"), "picture must be the SHA-256 of an upload"),
        ("picture", json!("a".repeat(64)), "there is no such upload"),
    ];
    for (name, value, says) in table {
        let mut parameters = json!({ "picture": picture(), "title": "a" });
        parameters[name] = value.clone();
        let found = complaints(json!({ "command": "resize", "parameters": parameters })).await;
        let at = format!("/parameters/{name}");
        assert!(matches!(&found[..], [(field, text)] if *field == at && text.starts_with(says)), "{found:?}");
    }
}

#[tokio::test]
async fn a_command_runs_in_its_queues_only() {
    let args = json!({ "command": "resize", "parameters": { "picture": picture(), "title": "a" } });
    let insert = prepare(args.clone(), Some("night")).await.expect("a good queue");
    assert_eq!(&*insert.queue, "night");
    let error = prepare(args, Some("demo")).await.expect_err("another queue");
    let says = "queue must be one of media, night with these arguments";
    assert_eq!((error.fields[0].field.as_str(), error.fields[0].message.as_str()), ("$queue", says));
}

#[tokio::test]
async fn results_of_earlier_jobs_may_be_parameters() {
    let earlier = json!({ "$result": { "job": 3, "pointer": "/copies/0/sha256" } });
    let args = json!({ "command": "resize", "parameters": { "picture": earlier, "title": "a", "width": 9 } });
    let job = NewJob {
        after: vec![taskyard_shared::new_job::After::Job(taskyard_shared::job::JobId(3))],
        ..NewJob::new("command", args)
    };
    let insert = registry().prepare(job, &test_files().files, NOW_MS).await.expect("good arguments");
    assert_eq!((&*insert.queue, insert.name.as_str(), insert.inputs.len()), ("media", "resize", 0));
}

#[tokio::test]
async fn arguments_are_checked_again_when_the_declaration_has_changed() {
    let shorter = ParameterConfig { max_chars: Some(2), ..text() };
    let config = with_parameter(script("true"), "text", shorter);
    let (result, _) = run(config.clone(), json!({ "text": "abc" })).await;
    let says = "its arguments do not fit the command any more: text has 3 characters; at most 2 are allowed";
    assert_eq!(result.expect_err("too long").message, says);
    let (result, _) = run(config, json!({ "text": "-a" })).await;
    assert!(result.expect_err("a dash").message.contains("text must not begin with -"));
}

fn refused(config: CommandConfig) -> String {
    match Command::new(&[("try".to_owned(), config)].into()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it must be refused"),
    }
}

#[test]
fn a_program_that_is_not_there_is_said_at_the_start() {
    let says = refused(CommandConfig::new("no-such-program"));
    assert_eq!(says, "commands.try.program: there is no program \"no-such-program\" in the folders of PATH");
    let says = refused(CommandConfig::new("/no/such/program"));
    assert_eq!(says, "commands.try.program: there is no program /no/such/program");
    assert_eq!(
        refused(CommandConfig::new("/etc/passwd")),
        "commands.try.program: /etc/passwd is not executable"
    );
    let nowhere = CommandConfig { dir: Some("/no/such/folder".into()), ..CommandConfig::new("true") };
    assert_eq!(refused(nowhere), "commands.try.dir: /no/such/folder is not a folder");
}

#[test]
fn names_are_checked_for_programs_that_embed_the_server_too() {
    let commands = [("Bad name".to_owned(), CommandConfig::new("true"))].into();
    assert!(matches!(Command::new(&commands), Err(CommandSetupError::BadName(name)) if name == "Bad name"));
    let equals = [("A=B".to_owned(), String::new())].into();
    let says = refused(CommandConfig { env: equals, ..CommandConfig::new("true") });
    assert_eq!(says, "commands.try.env.A=B: cannot stand in an environment");
    let says = refused(with_parameter(CommandConfig::new("true"), "output", text()));
    assert_eq!(says, "commands.try.parameters.output.type: a parameter cannot be called \"output\"");
}
