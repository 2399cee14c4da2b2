//! A program with a kind of its own and the board: `cargo run -p taskyard --example greet`, then open
//! <http://127.0.0.1:8080>. (The board is in it when it is built with `--features board`, after Trunk.)

use actix_web::{App, HttpServer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taskyard::Yard;
use taskyard::kinds::{JobContext, JobResult, Label, Worker};

struct Greet;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GreetArgs {
    /// Whom to greet.
    #[schemars(length(min = 1, max = 100))]
    whom: String,
}

impl Worker for Greet {
    const KIND: &'static str = "greet";
    const DESCRIPTION: &'static str = "Says hello.";
    type Args = GreetArgs;

    fn label(&self, args: &GreetArgs) -> Label {
        Label { name: args.whom.clone(), detail: String::new() }
    }

    async fn perform(&self, args: GreetArgs, ctx: JobContext) -> JobResult {
        ctx.progress(0.5);
        Ok(json!({ "said": format!("Hello, {}", args.whom) }))
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let yard = Yard::builder().data_dir("./data").worker(Greet).start().await?;
    yard.add(Greet::job(GreetArgs { whom: "world".to_owned() })).await?;
    let board = taskyard::mount(&yard);
    HttpServer::new(move || App::new().configure(board.clone())).bind("127.0.0.1:8080")?.run().await?;
    yard.stop(std::time::Duration::from_secs(30)).await;
    Ok(())
}
