//! The example `shop`, as its customers meet it.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::StatusCode;
use serde_json::{Value, json};

#[path = "../examples/shop.rs"]
mod shop;

/// How long packing may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

#[actix_web::test]
async fn an_order_and_its_job_are_placed_together_and_the_board_is_under_jobs() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = actix_web::rt::spawn({
        let data = data.path().to_owned();
        async move { shop::serve(&data, listener).await.map_err(|error| error.to_string()) }
    });
    rustls::crypto::ring::default_provider().install_default().expect("nobody else has done so");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let place =
        async |order: Value| client.post(format!("{address}/orders")).json(&order).send().await.unwrap();

    let refused = place(json!({ "what": "nothing", "pieces": 0 })).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY.as_u16());
    let placed = place(json!({ "what": "tea", "pieces": 2 })).await;
    assert_eq!(placed.status(), StatusCode::CREATED.as_u16());
    // The order that was refused left nothing: this is the first.
    assert_eq!(placed.json::<Value>().await.unwrap(), json!({ "order": 1 }));

    let ask = async |path: &str| {
        let answer = client.get(format!("{address}{path}")).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    assert_eq!(ask("/orders/1").await, json!({ "order": 1, "what": "tea", "pieces": 2, "job": 1 }));
    let both_done = async {
        loop {
            let done = ask("/jobs/api/v1/jobs?state=completed").await["rows"].clone();
            if done.as_array().is_some_and(|rows| rows.len() == 2) {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let done =
        tokio::time::timeout(PATIENCE, both_done).await.expect("the order is packed, and the customer told");
    assert_eq!((&done[0]["kind"], &done[0]["name"]), (&json!("tell"), &json!("Order 1")));
    assert_eq!(ask("/jobs/api/v1/jobs/1").await["result"], json!({ "told_by": done[0]["id"] }));
    serving.abort();
}
