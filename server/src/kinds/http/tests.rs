//! What the `http` kind does against a server of our own, and what it refuses to reach.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::addresses::not_public;
use super::signature::Secrets;
use super::{Http, HttpArgs, HttpConfig};
use crate::config::SecretText;
use crate::kinds::tests::{test_context, test_files};
use crate::kinds::worker::{JobResult, Worker};
use crate::store::{AfterFailure, AttemptEnd};

/// Answers each request by its path; `/echo` says what came.
async fn spawn_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let request = read_request(&mut stream).await?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    let plain = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let to = |status: u16, url: &str| {
        format!(
            "HTTP/1.1 {status} Moved\r\nconnection: close\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n"
        )
    };
    // A proxy is asked for the whole URL.
    let path =
        path.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let text = match path {
        "/echo" => plain("200 OK", &request),
        "/busy" => "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/broken" => plain("500 Internal Server Error", "oops"),
        "/slow-down" => plain("429 Too Many Requests", ""),
        "/teapot" => plain("418 I'm a teapot", "short and stout"),
        "/see-other" => to(303, query),
        "/keep-method" => to(307, query),
        "/loop" => to(302, "/loop"),
        "/cookies" => {
            "HTTP/1.1 200 OK\r\nconnection: close\r\nset-cookie: a=1, x\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        "/hang" => std::future::pending().await,
        "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_owned(),
        "/bytes" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\xff\xfe\x00").await?;
            return stream.shutdown().await;
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
            // Two bytes each, so that the cap goes through a character; ends when the client hangs up.
            stream.write_all(b"x").await?;
            loop {
                stream.write_all("ü".repeat(32 * 1024).as_bytes()).await?;
            }
        }
        _ => plain("404 Not Found", "nothing here"),
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    loop {
        if request.first() == Some(&0x16) {
            // A TLS client; it gets plain text.
            return Ok(String::new());
        }
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().split_once("content-length: ").map_or(0, |(_, rest)| {
                rest.lines().next().and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
            });
            if body.len() >= length {
                return Ok(text.into_owned());
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(String::from_utf8_lossy(&request).into_owned());
        }
    }
}

fn open() -> HttpConfig {
    HttpConfig { allow_private_addresses: true, ..HttpConfig::default() }
}

fn only(network: &str) -> HttpConfig {
    HttpConfig { allow: vec![network.parse().expect("a network")], ..HttpConfig::default() }
}

async fn perform(config: HttpConfig, args: Value) -> JobResult {
    let worker = Http::new(config).expect("TLS");
    let args: HttpArgs = serde_json::from_value(args).expect("arguments");
    worker.perform(args, test_context(&test_files().files).ctx).await
}

async fn fails(config: HttpConfig, args: Value) -> String {
    perform(config, args).await.expect_err("it must fail").message
}

#[tokio::test]
async fn the_request_goes_out_as_asked_and_the_response_is_the_result() {
    let at = spawn_server().await;
    let url = format!("http://{at}/echo?q=1");
    let args = json!({"method": "POST", "url": url, "headers": {"X-Key": "k"}, "body": "{\"a\":1}"});
    let result = perform(open(), args).await.expect("answered");
    let echoed = result["body"].as_str().expect("text");
    assert!(echoed.starts_with("POST /echo?q=1 HTTP/1.1\r\n"), "{echoed}");
    assert!(echoed.contains("x-key: k\r\n") && echoed.ends_with("{\"a\":1}"), "{echoed}");
    assert!(echoed.contains("user-agent: taskyard/"), "{echoed}");
    assert_eq!((&result["status"], &result["url"]), (&json!(200), &json!(url)));
    assert_eq!((&result["truncated"], &result["base64"]), (&json!(false), &json!(false)));
    assert_eq!(result["redirects"], json!([]));
    assert!(result["elapsed_ms"].is_u64() && result["headers"]["content-length"].is_string());
}

#[tokio::test]
async fn progress_tells_of_the_request_the_headers_and_the_body() {
    let at = spawn_server().await;
    let args = serde_json::from_value(json!({"url": format!("http://{at}/echo")})).expect("arguments");
    let test = test_context(&test_files().files);
    Http::new(open()).expect("TLS").perform(args, test.ctx).await.expect("answered");
    assert_eq!(test.told.progress(), [100, 300, 1000]);
}

#[tokio::test]
async fn an_unexpected_status_fails_with_the_start_of_the_body() {
    let at = spawn_server().await;
    let message = fails(open(), json!({"url": format!("http://{at}/teapot")})).await;
    assert_eq!(message, "answered 418 I'm a teapot; expected 200 to 299. It says: short and stout");
    let expected = json!({"url": format!("http://{at}/teapot"), "expected_statuses": [200, 418]});
    assert_eq!(perform(open(), expected).await.expect("expected")["status"], 418);
    let other = json!({"url": format!("http://{at}/echo"), "expected_statuses": [204]});
    assert!(fails(open(), other).await.starts_with("answered 200 OK; expected 204. It says: GET /echo"));
}

/// What becomes of a job that is told this.
async fn then(path: &str) -> AfterFailure {
    let at = spawn_server().await;
    let error =
        perform(open(), json!({"url": format!("http://{at}{path}")})).await.expect_err("it must fail");
    match error.into_end(0) {
        AttemptEnd::Failed { then, .. } => then,
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test]
async fn only_what_may_get_better_is_tried_again_and_not_before_the_server_wants_it() {
    assert_eq!(then("/teapot").await, AfterFailure::Final);
    assert_eq!(then("/nowhere").await, AfterFailure::Final);
    assert_eq!(then("/broken").await, AfterFailure::Undecided);
    assert_eq!(then("/slow-down").await, AfterFailure::Undecided);
    assert_eq!(then("/cut").await, AfterFailure::Undecided);
    assert_eq!(then("/busy").await, AfterFailure::NotBefore { at_ms: 120_000 });
    assert_eq!(then("/see-other?file:///etc/passwd").await, AfterFailure::Final);
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_not_tried_again() {
    let url = format!("http://localhost:{}/echo", spawn_server().await.port());
    let error = perform(HttpConfig::default(), json!({"url": url})).await.expect_err("refused");
    assert!(matches!(error.into_end(0), AttemptEnd::Failed { then: AfterFailure::Final, .. }));
}

#[tokio::test]
async fn the_log_tells_of_each_request_and_what_it_was_answered() {
    let at = spawn_server().await;
    let args = json!({"method": "POST", "url": format!("http://{at}/see-other?/bytes")});
    let test = test_context(&test_files().files);
    let args = serde_json::from_value(args).expect("arguments");
    Http::new(open()).expect("TLS").perform(args, test.ctx).await.expect("answered");
    let expected = [
        format!("info: POST http://{at}/see-other?/bytes"),
        "info: answered 303 See Other".to_owned(),
        format!("info: GET http://{at}/bytes"),
        "info: answered 200 OK".to_owned(),
        "info: read 3 bytes".to_owned(),
    ];
    assert_eq!(test.told.log(), expected);
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_cap_between_characters() {
    let at = spawn_server().await;
    let result = perform(open(), json!({"url": format!("http://{at}/endless")})).await.expect("answered");
    let body = result["body"].as_str().expect("text");
    assert_eq!((body.len(), &result["truncated"]), (1024 * 1024 - 1, &json!(true)));
    assert_eq!(result["base64"], false);
}

#[tokio::test]
async fn a_body_that_is_no_text_comes_as_base64() {
    let at = spawn_server().await;
    let result = perform(open(), json!({"url": format!("http://{at}/bytes")})).await.expect("answered");
    assert_eq!((&result["body"], &result["base64"]), (&json!("//4A"), &json!(true)));
}

#[tokio::test]
async fn each_cookie_of_a_response_is_kept() {
    let at = spawn_server().await;
    let result = perform(open(), json!({"url": format!("http://{at}/cookies")})).await.expect("answered");
    assert_eq!(result["headers"]["set-cookie"], "a=1, x\nb=2");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_at_the_timeout() {
    let at = spawn_server().await;
    let begun = std::time::Instant::now();
    let message = fails(open(), json!({"url": format!("http://{at}/hang"), "timeout_s": 1})).await;
    assert_eq!(message, "no complete response within 1 s");
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn broken_and_refused_connections_fail_with_a_sentence() {
    let at = spawn_server().await;
    let cut = fails(open(), json!({"url": format!("http://{at}/cut")})).await;
    assert!(cut.starts_with("no response from 127.0.0.1: "), "{cut}");
    let closed = TcpListener::bind("127.0.0.1:0").await.and_then(|l| l.local_addr()).expect("a free port");
    let refused = fails(open(), json!({"url": format!("http://{closed}/")})).await;
    assert!(refused.starts_with("no connection to 127.0.0.1: "), "{refused}");
    let not_tls = fails(open(), json!({"url": format!("https://{at}/")})).await;
    assert!(not_tls.starts_with("no connection to 127.0.0.1: "), "{not_tls}");
}

#[tokio::test]
async fn redirects_are_followed_and_listed() {
    let at = spawn_server().await;
    let args = json!({"method": "POST", "url": format!("http://{at}/see-other?/echo"), "body": "secret"});
    let result = perform(open(), args).await.expect("answered");
    assert_eq!(result["url"], format!("http://{at}/echo"));
    assert_eq!(result["redirects"], json!([format!("http://{at}/see-other?/echo")]));
    let echoed = result["body"].as_str().expect("text");
    assert!(echoed.starts_with("GET /echo ") && !echoed.contains("secret"), "{echoed}");
    let kept = json!({"method": "PUT", "url": format!("http://{at}/keep-method?/echo"), "body": "again"});
    let result = perform(open(), kept).await.expect("answered");
    assert!(result["body"].as_str().is_some_and(|b| b.starts_with("PUT /echo ") && b.ends_with("again")));
}

#[tokio::test]
async fn a_redirect_that_is_expected_is_the_result() {
    let at = spawn_server().await;
    let args = json!({"url": format!("http://{at}/see-other?/echo"), "expected_statuses": [303]});
    assert_eq!(perform(open(), args).await.expect("expected")["status"], 303);
}

#[tokio::test]
async fn redirects_without_end_fail() {
    let at = spawn_server().await;
    let message = fails(open(), json!({"url": format!("http://{at}/loop")})).await;
    assert!(message.starts_with("more than 5 redirects"), "{message}");
}

#[tokio::test]
async fn headers_meant_for_one_host_do_not_go_on_to_another() {
    let (first, second) = (spawn_server().await, spawn_server().await);
    let url = format!("http://{first}/see-other?http://{second}/echo");
    let headers = json!({"Authorization": "Bearer t", "X-Key": "k", "Cookie": "c=1", "Accept": "text/x"});
    let result = perform(open(), json!({"url": url, "headers": headers})).await.expect("answered");
    let echoed = result["body"].as_str().expect("text");
    assert!(echoed.contains("accept: text/x"), "{echoed}");
    for gone in ["Bearer", "x-key", "cookie"] {
        assert!(!echoed.contains(gone), "{gone} in {echoed}");
    }
}

#[tokio::test]
async fn a_redirect_to_an_address_that_is_not_allowed_is_refused() {
    let at = spawn_server().await;
    for target in
        ["http://127.0.0.2:1/", "http://[::1]:1/", "http://localhost:1/", "//10.0.0.1/", "http://0x7f.9/"]
    {
        // localhost may be ::1 first, but never 127.0.0.1 alone: its port 1 is closed in either case.
        let message =
            fails(only("127.0.0.1/32"), json!({"url": format!("http://{at}/see-other?{target}")})).await;
        let refused = message.contains("this server's configuration allows public addresses only");
        assert!(refused || target.contains("localhost"), "{target}: {message}");
    }
    for target in ["file:///etc/passwd", "http://user:pw@93.184.216.34/", "http://"] {
        let message = fails(open(), json!({"url": format!("http://{at}/see-other?{target}")})).await;
        assert!(message.contains("redirects to where we do not go"), "{target}: {message}");
    }
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let at = spawn_server().await;
    let url = format!("http://localhost:{}/echo", at.port());
    let message = fails(HttpConfig::default(), json!({"url": url})).await;
    assert!(
        message.starts_with("localhost: refused: ") && message.contains("a loopback address"),
        "{message}"
    );
    assert_eq!(perform(only("127.0.0.0/8"), json!({"url": url})).await.expect("allowed")["status"], 200);
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is_stored() {
    let check = |url: &str, headers: &[(&str, &str)]| {
        let headers: BTreeMap<&str, &str> = headers.iter().copied().collect();
        let args: HttpArgs =
            serde_json::from_value(json!({"url": url, "headers": headers})).expect("arguments");
        args.check(&HttpConfig::default(), &Secrets::default())
            .err()
            .map(|wrong| wrong.into_iter().map(|w| format!("{}: {}", w.field, w.message)).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    assert!(check("https://example.com/a?b=c", &[("Content-Type", "text/plain")]).is_empty());
    let bad = [
        ("nonsense", "url is not a URL"),
        ("ftp://example.com/", "url must begin with http:// or https://"),
        ("http://user@example.com/", "url must not hold a user name"),
        ("http://:pw@example.com/", "url must not hold a user name"),
        ("http://127.0.0.1/", "127.0.0.1 is a loopback address"),
        ("http://2130706433/", "127.0.0.1 is a loopback address"),
        ("http://0177.0.0.1/", "127.0.0.1 is a loopback address"),
        ("http://127.0.0.1./", "127.0.0.1 is a loopback address"),
        ("http://[::ffff:10.0.0.1]/", "a private address"),
        ("http://[fe80::1]/", "a link-local address"),
    ];
    for (url, why) in bad {
        let found = check(url, &[]);
        assert!(
            found.len() == 1 && found[0].starts_with("/url: ") && found[0].contains(why),
            "{url}: {found:?}"
        );
    }
    let found = check("http://example.com", &[("a b", "x"), ("Host", "x"), ("X-A", "a\r\nb")]);
    assert_eq!(
        found,
        [
            "/headers/Host: host is set by the server itself",
            "/headers/X-A: x-a must be one line of visible characters",
            "/headers/a b: is not a header name: letters, digits and - only",
        ]
    );
}

#[test]
fn every_special_address_is_known_and_public_ones_pass() {
    let special = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1
        169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1
        198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
        :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::10.0.0.1
        64:ff9b::169.254.169.254 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1
        2002:c0a8:101::1 3fff::1 4000::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1";
    for text in special.split_whitespace() {
        assert!(not_public(text.parse().expect(text)).is_some(), "{text}");
    }
    let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.0.0.1 128.0.0.1
        169.253.0.1 172.15.0.1 172.32.0.1 192.0.1.1 192.167.0.1 198.17.0.1 198.20.0.1 223.255.255.255
        2606:4700::1111 2001:4860:4860::8888 2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1";
    for text in public.split_whitespace() {
        assert_eq!(not_public(text.parse().expect(text)), None, "{text}");
    }
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn with_secret() -> HttpConfig {
    HttpConfig { secrets: [("pay".to_owned(), SecretText::new(SECRET))].into(), ..open() }
}

#[tokio::test]
async fn a_signed_request_carries_what_the_receiver_needs_and_the_secret_shows_nowhere() {
    let at = spawn_server().await;
    let args = json!({"method": "POST", "url": format!("http://{at}/echo"), "body": "{}", "sign": "pay"});
    let args: HttpArgs = serde_json::from_value(args).expect("arguments");
    let test = test_context(&test_files().files);
    let worker = Http::new(with_secret()).expect("TLS");
    let first = worker.perform(args.clone(), test.ctx.clone()).await.expect("answered");
    let second = worker.perform(args, test.ctx).await.expect("answered");
    let field = |result: &Value, name: &str| {
        let echoed = result["body"].as_str().expect("text").to_owned();
        let line = echoed.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no {name} in {echoed}"))
    };
    assert_eq!(field(&first, "webhook-id: "), field(&second, "webhook-id: "));
    assert!(field(&first, "webhook-signature: ").starts_with("v1,"));
    assert!(field(&first, "webhook-timestamp: ").parse::<i64>().is_ok_and(|at| at > 1_700_000_000));
    let told = format!("{first} {:?} {:?}", test.told.log(), with_secret());
    assert!(!told.contains("MfKQ9r8G"), "{told}");
}

#[tokio::test]
async fn a_redirect_to_another_host_or_without_the_body_is_not_signed() {
    let (first, second) = (spawn_server().await, spawn_server().await);
    for target in [format!("http://{second}/echo"), "/echo".to_owned()] {
        let url = format!("http://{first}/see-other?{target}");
        let args = json!({"method": "POST", "url": url, "body": "{}", "sign": "pay"});
        let result = perform(with_secret(), args).await.expect("answered");
        assert!(result["body"].as_str().is_some_and(|echoed| !echoed.contains("webhook-")), "{result}");
    }
}

#[tokio::test]
async fn a_signature_is_not_the_jobs_own_to_write() {
    let worker = Http::new(with_secret()).expect("TLS");
    let complaints = |more: Value| {
        let mut args = json!({"url": "https://example.org/", "sign": "pay"});
        args.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let args: HttpArgs = serde_json::from_value(args).expect("arguments");
        let wrong = worker.check(&args).err().unwrap_or_default();
        wrong.into_iter().map(|wrong| (wrong.field, wrong.message)).collect::<Vec<_>>()
    };
    assert_eq!(complaints(json!({"headers": {"webhook-id": "a1"}})), []);
    let says = |field: &str, message: &str| vec![(field.to_owned(), message.to_owned())];
    assert_eq!(
        complaints(json!({"headers": {"Webhook-Timestamp": "1"}})),
        says("/headers/Webhook-Timestamp", "webhook-timestamp is set by the server itself")
    );
    assert!(complaints(json!({"headers": {"webhook-id": "a.b"}}))[0].1.contains("without dots"));
    let unknown = "this server has no secret called \"bay\"; its configuration names them in [http.secrets]";
    assert_eq!(complaints(json!({"sign": "bay"})), says("/sign", unknown));
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_may_be_called_and_for_nothing_else() {
    let proxy = spawn_server().await;
    let by_proxy = |config: HttpConfig| HttpConfig { proxy: format!("http://{proxy}"), ..config };
    // Nobody listens at the target, so the answer is the proxy's.
    let result = perform(by_proxy(only("127.0.0.9/32")), json!({"url": "http://127.0.0.9:1/echo"})).await;
    let result = result.unwrap_or_else(|error| panic!("{}", error.message));
    assert!(result["body"].as_str().is_some_and(|echoed| echoed.starts_with("GET http://127.0.0.9:1/echo ")));

    for url in ["http://localhost:1/echo", "http://127.0.0.1:1/echo", "http://[::1]:1/echo"] {
        let error = perform(by_proxy(HttpConfig::default()), json!({"url": url})).await.expect_err(url);
        assert!(error.is_final() && error.message.contains("is a loopback address"), "{}", error.message);
    }
    let unknown = json!({"url": "http://no-such-name.invalid/echo"});
    let error = perform(by_proxy(HttpConfig::default()), unknown).await.expect_err("nobody knows it");
    assert!(error.message.starts_with("cannot tell where no-such-name.invalid is"), "{}", error.message);
}
