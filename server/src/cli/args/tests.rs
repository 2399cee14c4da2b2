use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Command, String> {
    parse_words(line.split_whitespace())
}

fn parse_words<'a>(words: impl Iterator<Item = &'a str>) -> Result<Command, String> {
    let words = std::iter::once("taskyard").chain(words);
    Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| error.to_string())
}

/// Words as a shell makes them: quotes keep spaces.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut in_quotes = false;
    for c in line.chars() {
        match c {
            '\'' => {
                in_quotes = !in_quotes;
                word.get_or_insert_default();
            }
            ' ' if !in_quotes => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The commands that do something themselves, by all their words. Those that the program runs for itself are hidden.
fn commands(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    if !command.has_subcommands() {
        return vec![(path, command.clone())];
    }
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.flat_map(|command| commands(command, &path)).collect()
}

#[test]
fn the_declarations_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_an_example_that_can_be_typed() {
    for (path, command) in commands(&Cli::command(), "") {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert!(!examples.is_empty(), "{path} has no example");
        for example in examples {
            assert!(example.starts_with(&path), "{example} is no example of {path}");
            let words = shell_words(example);
            let parsed = parse_words(words.iter().skip(1).map(String::as_str));
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
        }
    }
}

#[test]
fn every_client_command_speaks_json() {
    for (path, command) in commands(&Cli::command(), "") {
        let has = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
        assert_eq!(has("server"), has("json") && !path.starts_with("taskyard bench"), "{path}");
    }
}

#[test]
fn what_is_typed_arrives() {
    let lines = [
        "serve",
        "serve --bind 127.0.0.1:0 --data /tmp/x --workers 2 --log-format json --allow-private-addresses",
        "add demo name=a duration=3 --queue slow --wait --server http://h:1",
        "add image --file a.jpg --file b.jpg --args {}",
        "add demo --run-at 2027-01-31T09:00:00Z --expires-at 2027-02-01 --priority -5 --timeout 5m",
        "add demo --unique name=a --unique-for 1h --on-conflict replace --idempotency-key k",
        "add-many - --mode each --chain --batch night",
        "list --state failed --state waiting --kind demo --batch 3 --text x --after 7 --limit 500 --json",
        "show 12 --json",
        "log 12 -f --limit 5",
        "watch --limit 5 --json",
        "cancel 1 2 3",
        "retry --all --undo-for 0s --yes",
        "priority 12 -5",
        "queue demo --max-attempts default --timeout default --keep-completed all --no-drain",
        "limit set mail --kind http --rate 10/s:5",
        "schedule pause x --json",
        "concurrency demo 10000",
        "bench throughput --jobs 10 --concurrency 5 --callers 2 --tabs 1 --stored 7 --stored-as waiting",
        "bench adds --stored 10 --tabs 2 --rounds 3 --data /tmp/x --json",
    ];
    for line in lines {
        assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
    }
}

#[test]
fn options_of_a_job_come_as_values() {
    let line = "add demo name=a duration=3 --delay 10m --priority -5 --unique --after 1 --after 2 --wait";
    let Ok(Command::Add(add)) = parse(line) else { panic!("not an add") };
    assert_eq!((add.work.kind.as_str(), add.work.pairs.len(), add.wait), ("demo", 2, true));
    assert_eq!((add.when.delay, add.options.priority), (Some(600_000), Some(-5)));
    assert_eq!(add.options.unique, Some(None), "a key is given with =, so that name=a is an argument");
    assert_eq!(add.when.after.len(), 2);
    let Ok(Command::Add(add)) = parse("add demo --unique=tea") else { panic!("not an add") };
    assert_eq!(add.options.unique, Some(Some("tea".to_owned())));
}

#[test]
fn a_priority_is_of_one_job_or_of_all() {
    let meaning = |line: &str| {
        let Ok(Command::Priority(args)) = parse(line) else { panic!("{line} is no priority") };
        args.meaning()
    };
    use taskyard::shared::job::JobId;
    assert_eq!(meaning("priority 12 50"), Ok(PriorityOf::Job(JobId(12), 50)));
    assert_eq!(meaning("priority 12 -50"), Ok(PriorityOf::Job(JobId(12), -50)));
    assert_eq!(meaning("priority --all -10"), Ok(PriorityOf::All(-10)));
    for (line, says) in [
        ("priority 12", "give the number of a job and its priority"),
        ("priority 12 5 --all", "give the priority alone"),
        ("priority 12 101", "it must be -100 to 100"),
        ("priority -12 5", "is not the number of a job"),
    ] {
        let error = meaning(line).expect_err(line);
        assert!(error.contains(says), "{line}: {error}");
    }
}

#[test]
fn a_filter_means_all() {
    let filter = |line: &str| {
        let Ok(Command::Cancel(args)) = parse(line) else { panic!("{line} is no cancel") };
        args.bulk.filter()
    };
    assert_eq!(filter("cancel 1"), Ok(None));
    let all = filter("cancel --all --state failed --state pending --queue demo --text x --batch 3");
    let all = all.expect("a filter").expect("a filter");
    assert_eq!((all.states.len(), all.queue.as_deref(), all.text.as_str()), (2, Some("demo"), "x"));
    assert_eq!(filter("cancel --all"), Ok(Some(Default::default())));
    for line in ["cancel 1 --queue demo", "cancel 1 --yes", "cancel 1 --undo-for 5s"] {
        assert!(filter(line).expect_err(line).contains("go with --all"), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases = [
        ("", "Usage"),
        ("ad demo", "similar subcommand"),
        ("add", "KIND"),
        ("add demo --args {} --args-file f", "cannot be used with"),
        ("add demo --delay 10", "write it like 500ms, 10s"),
        ("add demo --delay 1s --run-at 2027-01-01", "cannot be used with"),
        ("add demo --run-at tomorrow", "is not a time"),
        ("add demo --priority 101", "is not in -100..=100"),
        ("add demo --max-attempts 0", "is not in 1..=1000"),
        ("add demo --backoff 5s", "is not a backoff"),
        ("add demo --timeout 1ms", "at least 100ms"),
        ("add demo --unique-for 1h", "--unique"),
        ("add demo --unique --on-conflict ignore", "possible values: reject, existing, replace"),
        ("add demo --on-failure stop", "--after"),
        ("add demo --log", "--wait"),
        ("add-many", "FILE"),
        ("list --state done", "is not a state"),
        ("list --limit 0", "is not in 1..=500"),
        ("list --limit 501", "is not in 1..=500"),
        ("show twelve", "invalid value 'twelve'"),
        ("cancel", "ID"),
        ("cancel 1 --all", "cannot be used with"),
        ("cancel --all --undo-for 2m", "at most 1m"),
        ("concurrency demo 0", "is not in 1..=10000"),
        ("queue demo --drain --no-drain", "cannot be used with"),
        ("queue demo --max-attempts 1001", "is not in 1..=1000"),
        ("queue demo --keep-failed soon", "write it like 7d, 10000"),
        ("limit set mail --rate 10", "is not a rate"),
        ("schedule set x demo", "--cron"),
        ("schedule set x --cron @daily --overlap never demo", "possible values: allow, skip, replace"),
        ("bench throughput --jobs 0", "is not in 1..=100000000"),
        ("bench throughput --stored-as old", "possible values: finished, waiting"),
        ("serve --prot 80", "unexpected argument '--prot'"),
    ];
    for (line, expected) in cases {
        let error = parse(line).expect_err(line);
        assert!(error.contains(expected), "{line:?}\n  gives   {error}\n  without {expected}");
    }
}
