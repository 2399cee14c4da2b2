//! Good and bad inputs of every layer.

use std::io::Write;

use taskyard_shared::job::JobState;
use taskyard_shared::queue::{QueueStatus, Retention, StateCounts};
use tokio_postgres::config::SslMode;

use super::*;
use crate::services::pool::{PoolTarget, Secret, SmtpTls};

fn from_file(text: &str) -> Result<Config, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
    load(&sources).map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

fn from_variable(variable: &str, value: &str) -> Result<Config, String> {
    let environment = [(variable.to_owned(), value.to_owned())].into();
    load(&Sources { environment, ..Sources::default() }).map_err(|error| error.to_string())
}

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(load(&Sources::default()).unwrap(), Config::default());
    assert_eq!(from_file("").unwrap(), Config::default());
}

#[test]
fn a_queue_that_is_otherwise_in_any_setting_is_not_as_configured() {
    let configured =
        QueueConfig { concurrency: 4, paused: false, max_attempts: Some(3), timeout_s: Some(60) };
    let status = |change: fn(&mut QueueStatus)| {
        let mut status = QueueStatus {
            name: "mail".to_owned(),
            concurrency: 4,
            paused: false,
            draining: false,
            max_attempts: Some(3),
            timeout_ms: Some(60_000),
            retention: Retention::default(),
            counts: StateCounts::default(),
            stopping: 0,
        };
        change(&mut status);
        status
    };
    assert!(configured.is_kept_by(&status(|_| {})));
    assert!(configured.is_kept_by(&status(|it| it.draining = true)), "that cannot be configured");
    let changes: [fn(&mut QueueStatus); 4] = [
        |it| it.concurrency = 1,
        |it| it.paused = true,
        |it| it.max_attempts = None,
        |it| it.timeout_ms = Some(1_000),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert!(!configured.is_kept_by(&status(change)), "{at}");
    }
}

#[test]
fn every_section_can_be_set_in_a_file() {
    let config = from_file(
        r#"
        [server]
        bind = "0.0.0.0:9000"
        allowed_origins = ["https://jobs.example.org"]
        allowed_hosts = ["jobs.example.org"]
        max_sessions = 20
        workers = 3
        [data]
        dir = "/var/lib/taskyard"
        [files]
        quota_mb = 0
        [executor]
        threads = 4
        [http]
        allow_private_addresses = true
        allow = ["10.1.0.0/16"]
        proxy = "http://user:pw@proxy.example.org:3128"
        [http.secrets]
        billing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        [webhooks.audit]
        url = "https://audit.example.org/hook"
        secret = "billing"
        states = ["failed", "cancelled"]
        [shutdown]
        deadline_s = 5
        [log]
        level = "info,taskyard=debug"
        format = "json"
        [supervision]
        max_restarts = 2
        within_s = 10
        [cache]
        max_mb = 1
        [submissions]
        count = 20
        per_s = 2
        burst = 5
        [queues.mail]
        concurrency = 7
        [queues]
        slow = { concurrency = 1, paused = true }
        "#,
    )
    .unwrap();
    assert_eq!(config.server.bind.port(), 9000);
    assert_eq!(config.server.max_sessions, 20);
    assert_eq!(config.http.allow, ["10.1.0.0/16".parse().unwrap()]);
    assert_eq!((config.files.quota_bytes(), Config::default().files.quota_bytes()), (None, Some(10 << 30)));
    assert_eq!(config.webhooks["audit"].states, [JobState::Failed, JobState::Cancelled]);
    let secret = &config.http.secrets["billing"];
    assert_eq!(secret.reveal().as_deref(), Ok("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert!(!format!("{config:?}").contains("whsec_"));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.supervision, SupervisionConfig { max_restarts: 2, within_s: 10 });
    assert_eq!(
        config.queues["mail"],
        QueueConfig { concurrency: 7, paused: false, max_attempts: None, timeout_s: None }
    );
    assert_eq!(
        config.queues["slow"],
        QueueConfig { concurrency: 1, paused: true, max_attempts: None, timeout_s: None }
    );
}

#[test]
fn mistakes_in_a_file_name_the_line_and_what_to_write() {
    let cases = [
        (
            "[server]\nbnd = \"x\"",
            "FILE, line 2: there is no key \"server.bnd\"; did you mean \"server.bind\"?",
        ),
        ("[sever]\nbind = \"x\"", "FILE, line 1: there is no section \"sever\"; did you mean \"server\"?"),
        ("\n\nworkers = 3", "FILE, line 3: there is no section \"workers\""),
        ("log = \"info\"", "FILE, line 1: \"log\" is a section: write [log] on a line of its own"),
        (
            "[server]\nbind = \"8080\"",
            "FILE, line 2: server.bind is \"8080\"; it must be an address and a port",
        ),
        ("[server]\nbind = 8080", "FILE, line 2: server.bind is a whole number; it must be a text in quotes"),
        ("[server]\nworkers = 0", "FILE, line 2: server.workers is 0; it must be 1 to 512"),
        ("[server]\nmax_sessions = -1", "server.max_sessions is -1; it must be 1 to 1000000"),
        (
            "[server]\nallowed_origins = [\"https://a.org/\"]",
            "holds \"https://a.org/\"; it must be an origin",
        ),
        ("[server]\nallowed_origins = [\"a.org\"]", "holds \"a.org\"; it must be an origin"),
        ("[server]\nallowed_origins = [7]", "server.allowed_origins holds a whole number"),
        ("[server]\nallowed_hosts = [\"a.org:80\"]", "holds \"a.org:80\"; it must be a host name"),
        ("[data]\ndir = \"\"", "data.dir is \"\"; it must be the name of a folder"),
        ("[files]\nquota_mb = -1", "files.quota_mb is -1; it must be 0 to 1000000000"),
        ("[executor]\nthreads = 1.5", "executor.threads is a fraction; it must be a whole number"),
        ("[http]\nallow = [\"10.1\"]", "http.allow holds \"10.1\"; it must be a range of addresses"),
        ("[http]\nproxy = \"socks5://x\"", "FILE, line 2: http.proxy must be http://host:port"),
        ("[http.secrets]\n\"A b\" = \"x\"", "line 2: \"A b\" cannot name a secret"),
        ("[http.secrets]\na = 7", "line 2: http.secrets.a is a whole number; it must be a text in quotes"),
        ("[webhooks]\nurl = \"x\"", "line 2: write [webhooks.url] on a line of its own"),
        ("[webhooks.a]\nsecret = \"s\"", "line 1: webhooks.a.url is missing; say where the messages go"),
        ("[webhooks.a]\nurl = \"http://x/\"", "line 1: webhooks.a.secret is missing"),
        (
            "[webhooks.a]\nurl = \"ftp://x/\"\nsecret = \"s\"",
            "line 2: webhooks.a.url is \"ftp://x/\"; it must be a URL that begins with https:// or http://",
        ),
        (
            "[webhooks.a]\nurl = \"http://x/\"\nsecret = \"s\"\nstates = [\"pending\"]",
            "line 4: webhooks.a.states holds \"pending\"; it must be completed, failed or cancelled",
        ),
        (
            "[webhooks.a]\nurl = \"http://x/\"\nsecret = \"s\"\nkind = []",
            "line 4: a webhook has no key \"kind\"; did you mean \"kinds\"?",
        ),
        (
            "[webhooks.a]\nurl = \"http://x/\"\nsecret = \"s\"",
            "webhooks.a.secret is \"s\", but [http.secrets] has no such name",
        ),
        ("[shutdown]\ndeadline_s = 90000", "shutdown.deadline_s is 90000; it must be 0 to 86400"),
        ("[log]\nlevel = \"loud\"", "log.level is \"loud\"; it must be error, warn"),
        ("[log]\nformat = \"xml\"", "log.format is \"xml\"; it must be text or json"),
        ("[supervision]\nwithin_s = 0", "supervision.within_s is 0; it must be 1 to 86400"),
        ("[queues.a]\nconcurrency = 0", "FILE, line 2: queues.a.concurrency is 0; it must be 1 to 10000"),
        ("[queues.a]\npaused = true", "FILE, line 1: queues.a.concurrency is missing"),
        (
            "[queues.a]\nconcurrency = 1\npause = true",
            "line 3: a queue has no key \"pause\"; did you mean \"paused\"?",
        ),
        ("[queues.\"A b\"]\nconcurrency = 1", "line 2: \"A b\" cannot name a queue"),
        ("[queues]\na = 4", "line 2: write queues.a as a = { concurrency = 4 }"),
        ("[server\nbind = 3", "FILE, line 1: this is not TOML:"),
        ("[log]\nlevel = \"info\"\nlevel = \"warn\"", "FILE, line 3: this is not TOML:"),
    ];
    for (text, expected) in cases {
        let error = from_file(text).expect_err(text);
        assert!(error.contains(expected), "{text:?}\n  gives   {error}\n  without {expected}");
    }
}

#[test]
fn commands_are_declared_in_a_file() {
    let config = from_file(
        r#"
        [commands.resize]
        program = "/usr/bin/convert"
        description = "Makes a picture smaller."
        args = ["{picture}", "-resize", "{width}x", "{output}/small.png"]
        env = { OMP_NUM_THREADS = "1" }
        pass_env = ["HOME"]
        success_codes = [0, 2]
        [commands.resize.parameters]
        picture = { type = "file" }
        width = { type = "integer", min = 1, max = 4000, default = 320 }
        [commands.tidy]
        program = "tidy"
        [commands.tidy.env]
        LEVEL = "3"
        "#,
    )
    .unwrap();
    let resize = &config.commands["resize"];
    assert_eq!((resize.timeout_s, resize.grace_s, &resize.success_codes[..]), (3_600, 5, &[0, 2][..]));
    assert_eq!(resize.env["OMP_NUM_THREADS"], "1");
    assert_eq!(resize.parameters["picture"], ParameterConfig::new(ParameterType::File));
    assert_eq!(resize.parameters["width"].default, Some(toml::Value::Integer(320)));
    let tidy = CommandConfig { env: [("LEVEL".into(), "3".into())].into(), ..CommandConfig::new("tidy") };
    assert_eq!(config.commands["tidy"], tidy);
}

#[test]
fn mistakes_in_a_command_name_the_line() {
    let below = |lines: &str| format!("[commands.a]\nprogram = \"true\"\n{lines}");
    let with =
        |parameter: &str| below(&format!("args = [\"{{p}}\"]\n[commands.a.parameters.p]\n{parameter}"));
    let cases = [
        ("[commands]\na = 4".to_owned(), "line 2: write [commands.a] on a line of its own"),
        ("[commands.a]\nargs = []".to_owned(), "line 1: commands.a.program is missing"),
        ("[commands.\"A b\"]\nprogram = \"x\"".to_owned(), "line 2: \"A b\" cannot name a command"),
        (
            "[commands.a]\nprogram = \"./x\"".to_owned(),
            "line 2: commands.a.program: \"./x\" must be an absolute path",
        ),
        (below("programm = 1"), "line 3: a command has no key \"programm\"; did you mean \"program\"?"),
        (below("args = \"x\""), "line 3: commands.a.args is a text in quotes; it must be a list in brackets"),
        (below("args = [1]"), "line 3: commands.a.args holds a whole number; it must hold texts in quotes"),
        (below("args = [\"{b}\"]"), "line 3: commands.a.args: there is no parameter \"b\" for {b}"),
        (below("args = [\"{\"]"), "line 3: commands.a.args: \"{\" has a { without a name"),
        (below("timeout_s = 0"), "line 3: commands.a.timeout_s is 0; it must be 1 to 316224000"),
        (below("grace_s = 61"), "line 3: commands.a.grace_s is 61; it must be 0 to 60"),
        (below("success_codes = [256]"), "line 3: commands.a.success_codes is 256; it must be 0 to 255"),
        (
            below("success_codes = [\"0\"]"),
            "success_codes holds a text in quotes; it must hold whole numbers",
        ),
        (below("success_codes = []"), "line 3: commands.a.success_codes: is empty"),
        (below("do_not_retry_codes = [0]"), "line 3: commands.a.do_not_retry_codes: 0 means success"),
        (below("queues = [\"A\"]"), "line 3: commands.a.queues: \"A\" cannot name a queue"),
        (below("env = 3"), "line 3: \"env\" is a section: write [commands.a.env] on a line of its own"),
        (below("[commands.a.env]\n\"A=B\" = \"x\""), "line 4: \"A=B\" cannot name a variable"),
        (
            below("[commands.a.env]\nA = 1"),
            "line 4: commands.a.env.A is a whole number; it must be a text in quotes",
        ),
        (with("min = 1"), "line 4: commands.a.parameters.p.type is missing; it is integer, text"),
        (
            with("type = \"string\""),
            "line 5: commands.a.parameters.p.type is \"string\"; it must be integer, text",
        ),
        (
            with("type = \"text\"\nmaximum = 1"),
            "line 6: a parameter has no key \"maximum\"; did you mean \"max\"?",
        ),
        (
            with("type = \"text\"\nmax = 1"),
            "line 6: commands.a.parameters.p.max: is for parameters of the type integer",
        ),
        (
            with("type = \"integer\"\nmin = 3\nmax = 2"),
            "line 7: commands.a.parameters.p.max: is less than min, 3",
        ),
        (with("type = \"integer\"\ndefault = -1"), "line 6: commands.a.parameters.p.default: lies outside"),
        (with("type = \"integer\"\ndefault = \"1\""), "p.default: is not of the parameter's type"),
        (
            with("type = \"text\"\npattern = \"(\""),
            "line 6: commands.a.parameters.p.pattern: is not a regular",
        ),
        (with("type = \"text\"\ndefault = \"-x\""), "p.default: must not begin with -"),
        (with("type = \"text\"\nchoices = []"), "line 6: commands.a.parameters.p.choices: is empty"),
        (
            with("type = \"text\"\nmax_chars = 10001"),
            "line 6: commands.a.parameters.p.max_chars is 10001; it must be 1 to",
        ),
        (
            with("type = \"file\"\ndefault = \"x\""),
            "line 6: commands.a.parameters.p.default: a file has no default",
        ),
        (with("type = \"file\"\nextension = \".pdf\""), "p.extension: must be 1 to 16 letters and digits"),
        (
            below("[commands.a.parameters.q]\ntype = \"text\""),
            "line 4: commands.a.parameters.q.type: no argument has a place {q}",
        ),
    ];
    for (text, expected) in cases {
        let error = from_file(&text).expect_err(&text);
        assert!(error.contains(expected), "{text:?}\n  gives   {error}\n  without {expected}");
    }
}

#[test]
fn a_file_that_was_named_must_exist() {
    let sources = Sources { file: Some("/nowhere/taskyard.toml".into()), ..Sources::default() };
    let error = load(&sources).expect_err("no such file").to_string();
    assert!(error.starts_with("cannot read the configuration file /nowhere/taskyard.toml: "), "{error}");
}

#[test]
fn variables_set_what_their_name_says() {
    assert_eq!(from_variable("TASKYARD_SERVER_BIND", "[::1]:0").unwrap().server.bind.port(), 0);
    assert_eq!(from_variable("TASKYARD_SHUTDOWN_DEADLINE_S", "3").unwrap().shutdown.deadline_s, 3);
    assert!(
        from_variable("TASKYARD_HTTP_ALLOW_PRIVATE_ADDRESSES", "true").unwrap().http.allow_private_addresses
    );
    let hosts = from_variable("TASKYARD_SERVER_ALLOWED_HOSTS", "a.org, b.org").unwrap().server.allowed_hosts;
    assert_eq!(hosts, ["a.org", "b.org"]);
    for other in ["TASKYARD_BIN", "TASKYARD_WRITE_SCREENSHOT", "TASKYARD_SERVER", "HOME"] {
        assert_eq!(from_variable(other, "anything").unwrap(), Config::default(), "{other}");
    }
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    let cases = [
        (
            "TASKYARD_SERVER_BND",
            "x",
            "environment variable TASKYARD_SERVER_BND: no setting has this variable; did you mean \"TASKYARD_SERVER_BIND\"?",
        ),
        ("TASKYARD_SERVER_WORKERS", "many", "server.workers is \"many\"; it must be a whole number"),
        ("TASKYARD_SERVER_WORKERS", "0", "server.workers is 0; it must be 1 to 512"),
        ("TASKYARD_HTTP_ALLOW_PRIVATE_ADDRESSES", "yes", "it must be true or false"),
        ("TASKYARD_HTTP_ALLOW", "10.0.0.0/8,x", "http.allow holds \"x\""),
    ];
    for (variable, value, expected) in cases {
        let error = from_variable(variable, value).expect_err(variable);
        assert!(error.contains(expected), "{variable}={value}\n  gives   {error}\n  without {expected}");
    }
}

#[test]
fn flags_win_over_the_environment_and_it_over_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[server]\nworkers = 1\nmax_sessions = 1\nbind = \"127.0.0.1:1\"").unwrap();
    let variables = [("TASKYARD_SERVER_WORKERS", "2"), ("TASKYARD_SERVER_MAX_SESSIONS", "2")];
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        flags: vec![Flag { flag: "--workers", key: "server.workers", text: "3".to_owned() }],
    };
    let server = load(&sources).unwrap().server;
    assert_eq!((server.workers, server.max_sessions, server.bind.port()), (3, 2, 1));
}

#[test]
fn a_wrong_flag_is_named() {
    let flags = vec![Flag { flag: "--bind", key: "server.bind", text: "here".to_owned() }];
    let error = load(&Sources { flags, ..Sources::default() }).expect_err("not an address").to_string();
    assert!(error.starts_with("--bind: server.bind is \"here\"; it must be an address"), "{error}");
}

#[test]
fn pools_are_declared_in_a_file_and_their_passwords_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "from a file\n").unwrap();
    let file = folder.path().join("taskyard.toml");
    let text = format!(
        r#"
        [pools.mail]
        kind = "smtp"
        host = "mail.example.org"
        user = "jobs"
        password_env = "TASKYARD_MAIL_PASSWORD"
        from = "Jobs <jobs@example.org>"
        max_size = 2
        [pools.sales]
        kind = "postgres"
        host = "db.example.org"
        database = "sales"
        user = "reader"
        password_file = "{}"
        [pools.near]
        kind = "postgres"
        url = "postgres://reader:from-a-url@127.0.0.1/sales"
        [pools.books]
        kind = "sqlite"
        path = "/srv/books.db"
        timeout_s = 3
        "#,
        password_file.display()
    );
    std::fs::write(&file, text).unwrap();
    let environment = [("TASKYARD_MAIL_PASSWORD".to_owned(), "from a variable".to_owned())].into();
    let config = load(&Sources { file: Some(file), environment, ..Sources::default() }).unwrap();
    let PoolTarget::Smtp(mail) = &config.pools["mail"].target else { panic!("{config:?}") };
    assert_eq!((mail.port, mail.tls, config.pools["mail"].max_size), (587, SmtpTls::Starttls, 2));
    assert_eq!(mail.login, Some(("jobs".to_owned(), Secret("from a variable".to_owned()))));
    let PoolTarget::Postgres(sales) = &config.pools["sales"].target else { panic!("{config:?}") };
    assert_eq!(sales.config.get_password(), Some(&b"from a file"[..]));
    assert_eq!(sales.config.get_ssl_mode(), SslMode::Require);
    let PoolTarget::Postgres(near) = &config.pools["near"].target else { panic!("{config:?}") };
    assert_eq!(near.config.get_ssl_mode(), SslMode::Disable, "it does not leave this machine");
    assert_eq!(config.pools["near"].target.name(), "127.0.0.1:5432/sales");
    assert_eq!(config.pools["books"].timeout.as_secs(), 3);
    let shown = format!("{config:?}");
    for secret in ["from a variable", "from a file", "from-a-url"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn mistakes_in_a_pool_name_the_line_and_never_the_password() {
    let smtp = |lines: &str| format!("[pools.a]\nkind = \"smtp\"\nhost = \"m.example.org\"\n{lines}");
    let postgres = |lines: &str| format!("[pools.a]\nkind = \"postgres\"\n{lines}");
    let cases = [
        ("[pools]\na = 4".to_owned(), "line 2: write [pools.a] on a line of its own"),
        (
            "[pools.a]\nhost = \"x\"".to_owned(),
            "line 1: pools.a.kind is missing; say smtp, postgres or sqlite",
        ),
        ("[pools.\"A b\"]\nkind = \"smtp\"".to_owned(), "line 2: \"A b\" cannot name a pool"),
        (
            "[pools.a]\nkind = \"imap\"".to_owned(),
            "line 2: pools.a.kind is \"imap\"; it must be smtp, postgres",
        ),
        ("[pools.a]\nkind = \"smtp\"".to_owned(), "line 2: pools.a.host is missing"),
        ("[pools.a]\nkind = \"sqlite\"".to_owned(), "line 2: pools.a.path is missing"),
        (smtp("hots = 1"), "line 4: a pool has no key \"hots\"; did you mean \"host\"?"),
        (smtp("path = \"x\""), "line 4: pools.a.path is no key of such a pool; it has max_size"),
        (smtp("port = 0"), "line 4: pools.a.port is 0; it must be 1 to 65535"),
        (smtp("max_size = 101"), "line 4: pools.a.max_size is 101; it must be 1 to 100"),
        (smtp("tls = \"ssl\""), "line 4: pools.a.tls is \"ssl\"; it must be starttls, tls or none"),
        (
            smtp("tls = \"none\""),
            "line 4: pools.a.tls is none, so everything would go to m.example.org in the clear",
        ),
        (smtp("user = \"u\""), "line 4: pools.a.user needs a password"),
        (smtp("password = \"hush\""), "pools.a.user is missing beside the password"),
        (smtp("password = 12345678"), "line 4: pools.a.password is a whole number"),
        (
            smtp("user = \"u\"\npassword_env = \"NOT_SET\""),
            "line 5: pools.a.password_env names NOT_SET, which",
        ),
        (smtp("password = \"hush\"\npassword_env = \"X\""), "line 5: pools.a.password_env is a second place"),
        (
            smtp("password_file = \"/no/where\""),
            "line 4: pools.a.password_file names /no/where, which cannot",
        ),
        (
            smtp("ca_file = \"/dev/null\""),
            "line 4: pools.a.ca_file names /dev/null, which cannot be used: it holds no",
        ),
        (smtp("from = \"me\""), "line 4: pools.a.from must be an address such as"),
        (postgres("user = \"u\""), "pools.a.host is missing"),
        (postgres("host = \"d\""), "pools.a.user is missing"),
        (postgres("url = \"postgres://u:hush@d:x/y\""), "line 3: pools.a.url is not like postgres://"),
        (postgres("url = \"postgres://u@d\"\nport = 5"), "line 3: pools.a.url says host, port and database"),
        (
            postgres("url = \"postgres://u@d?sslmode=disable\""),
            "line 3: pools.a.url is disable, so everything",
        ),
        (
            postgres("host = \"d\"\nuser = \"u\"\nsslmode = \"prefer\""),
            "line 5: pools.a.sslmode is \"prefer\"",
        ),
    ];
    for (text, expected) in cases {
        let error = from_file(&text).expect_err(&text);
        assert!(error.contains(expected), "{text:?}\n  gives   {error}\n  without {expected}");
        assert!(!error.contains("hush") && !error.contains("1234"), "{error}");
    }
}
