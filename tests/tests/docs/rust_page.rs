//! The code of `docs/rust.md`, compiled and run: each of its blocks stands here, or in an example.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taskyard::Yard;
use taskyard::kinds::{JobContext, JobError, JobResult, Label, QueueDefaults, RetryPolicy, Worker};
use taskyard::shared::job::{JobDetail, JobId, JobState};
use taskyard::shared::new_job::NewJob;
use taskyard::testing::{self, TestYard};
use taskyard_tests::patience::{PAGE, eventually};

use crate::markdown;

/// How long the busy warehouse asks to be left alone.
const BUSY: Duration = Duration::from_secs(90);

enum Order {
    Ready,
    NotPaid,
    Unknown,
    Busy { wait: Duration },
}

/// What there is to know of an order.
async fn look_up(order: u32) -> Result<Order, std::io::Error> {
    Ok(match order {
        1 => Order::Ready,
        2 => Order::NotPaid,
        3 => Order::Busy { wait: BUSY },
        _ => Order::Unknown,
    })
}

/// Packs an order.
struct Pack;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackArgs {
    /// Number of the order.
    #[schemars(range(min = 1))]
    order: u32,
}

impl Worker for Pack {
    const KIND: &'static str = "pack";
    const DESCRIPTION: &'static str = "Packs an order.";
    type Args = PackArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: "warehouse", concurrency: 4 }
    }

    fn retry(&self) -> RetryPolicy {
        RetryPolicy { max_attempts: 5, timeout: Some(Duration::from_secs(60)), ..RetryPolicy::default() }
    }

    fn label(&self, args: &PackArgs) -> Label {
        Label { name: format!("Order {}", args.order), detail: String::new() }
    }

    async fn perform(&self, args: PackArgs, ctx: JobContext) -> JobResult {
        ctx.info(format!("attempt {} at order {}", ctx.attempt(), args.order));
        match look_up(args.order).await? {
            Order::NotPaid => return Err(JobError::snooze(Duration::from_secs(60), "not paid yet")),
            Order::Unknown => return Err(JobError::new("there is no such order").do_not_retry()),
            Order::Busy { wait } => return Err(JobError::new("the warehouse is busy").retry_after(wait)),
            Order::Ready => {}
        }
        ctx.progress(0.5);
        let label = ctx
            .blocking(move |ctx| {
                let text = format!("Order {}\n", args.order);
                ctx.keep_artifact("label.txt", "text/plain", text.as_bytes())
            })
            .await?;
        Ok(json!({ "label": label.name, "bytes": label.bytes }))
    }
}

/// Adds a job for each order.
struct Round;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoundArgs {
    from: u32,
    to: u32,
}

impl Worker for Round {
    const KIND: &'static str = "round";
    const DESCRIPTION: &'static str = "Has orders packed.";
    type Args = RoundArgs;

    fn label(&self, args: &RoundArgs) -> Label {
        Label { name: format!("Orders {} to {}", args.from, args.to), detail: String::new() }
    }

    async fn perform(&self, args: RoundArgs, ctx: JobContext) -> JobResult {
        for order in args.from..=args.to {
            ctx.add_once(&format!("order {order}"), Pack::job(PackArgs { order })).await?;
        }
        Ok(json!({ "orders": args.to + 1 - args.from }))
    }
}

#[actix_web::test]
async fn the_tests_of_the_page_pass() -> Result<()> {
    let yard = TestYard::start(Yard::builder().worker(Round).worker(Pack)).await?;
    yard.add(Round::job(RoundArgs { from: 1, to: 2 })).await?;
    let ran = yard.drain().await;
    assert_eq!(ran.len(), 3);
    yard.assert_added::<Pack>(|args| args.order == 2).await;
    let later = yard.advance(Duration::from_secs(3600)).await;
    // The second order is not paid, and is looked at each minute.
    assert_eq!(later.len(), 60);
    yard.stop().await;

    let performed = testing::perform(Round, RoundArgs { from: 1, to: 2 }).await;
    assert_eq!(performed.result.map_err(|error| error.message), Ok(json!({ "orders": 2 })));
    assert_eq!(performed.added.len(), 2);
    Ok(())
}

/// Adds a job for the first order, and asks the yard about it.
async fn add_and_ask(yard: &Yard) -> Result<JobId> {
    let id = yard.add(Pack::job(PackArgs { order: 1 }).priority(10).max_attempts(3)).await?;
    when(yard, id, JobState::Completed).await?;
    let job = yard.job(id).await?;
    let log = yard.log(id, None, 100).await?;
    let why = yard.explain(id).await?;
    assert_eq!(job.result, Some(json!({ "label": "label.txt", "bytes": 8 })));
    assert_eq!(log[0].text, "attempt 1 at order 1");
    assert!(why.reasons.is_empty(), "{why:?}");
    Ok(id)
}

#[actix_web::test]
async fn the_worker_of_the_page_does_what_the_page_says() -> Result<()> {
    let yard = Yard::builder().worker(Pack).start().await?;
    add_and_ask(&yard).await?;

    let order = async |number: u32| yard.add(NewJob::new("pack", json!({ "order": number }))).await;
    let not_paid = when(&yard, order(2).await?, JobState::Scheduled).await?;
    assert_eq!((not_paid.job.attempt, not_paid.job.failures), (1, 0));
    let busy = when(&yard, order(3).await?, JobState::Scheduled).await?;
    assert_eq!((busy.job.attempt, busy.job.failures), (1, 1));
    let unknown = when(&yard, order(4).await?, JobState::Failed).await?;
    assert_eq!(unknown.job.attempt, 1);
    assert_eq!(unknown.error.as_deref(), Some("there is no such order"));

    yard.stop(Duration::from_secs(5)).await;
    Ok(())
}

/// The job when it is in this state.
async fn when(yard: &Yard, id: JobId, state: JobState) -> Result<JobDetail> {
    let look = async || {
        let job = yard.job(id).await?;
        Ok((job.job.state == state).then_some(job))
    };
    eventually(PAGE, look).await.with_context(|| format!("job {id} is not {state}"))
}

#[test]
fn every_block_of_the_page_is_code_that_was_compiled() -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let compiled = [
        fs::read_to_string(repository.join("server/examples/greet.rs")).context("cannot read greet.rs")?,
        fs::read_to_string(repository.join("server/examples/shop.rs")).context("cannot read shop.rs")?,
        include_str!("rust_page.rs").to_owned(),
    ];
    let compiled = compiled.map(|code| unindented(code.lines()));
    let page = markdown::page("rust.md")?;
    for block in page.blocks()?.iter().filter(|block| block.info == "rust") {
        let code = unindented(block.code.iter().copied());
        assert!(
            compiled.iter().any(|compiled| compiled.contains(&code)),
            "docs/rust.md:{}: this block is neither in an example nor in rust_page.rs",
            block.first_line + 1
        );
    }
    Ok(())
}

fn unindented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|line| format!("{}\n", line.trim())).collect()
}
