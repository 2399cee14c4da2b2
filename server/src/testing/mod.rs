//! Tests of programs that use Taskyard: a yard whose time stands still until the test moves it, and one worker
//! performed by itself.
//!
//! ```
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//! # use taskyard::Yard;
//! # use taskyard::kinds::{JobContext, JobResult, Label, Worker};
//! use std::time::Duration;
//! use taskyard::testing::TestYard;
//! # struct Greet;
//! # #[derive(Serialize, Deserialize, JsonSchema)]
//! # struct GreetArgs { whom: String }
//! # impl Worker for Greet {
//! #     const KIND: &'static str = "greet";
//! #     const DESCRIPTION: &'static str = "Says hello.";
//! #     type Args = GreetArgs;
//! #     fn label(&self, args: &GreetArgs) -> Label {
//! #         Label { name: args.whom.clone(), detail: String::new() }
//! #     }
//! #     async fn perform(&self, _: GreetArgs, _: JobContext) -> JobResult { Ok(().into()) }
//! # }
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let yard = TestYard::start(Yard::builder().worker(Greet)).await?;
//! yard.add(Greet::job(GreetArgs { whom: "you".into() }).delay(Duration::from_secs(3600))).await?;
//! yard.assert_added::<Greet>(|args| args.whom == "you").await;
//!
//! assert!(yard.drain().await.is_empty(), "its time has not come");
//! assert_eq!(yard.advance(Duration::from_secs(3600)).await.len(), 1);
//! # yard.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Each test needs an actix System of its own: `#[actix_web::test]`. What is wrong panics with a sentence, as
//! assertions do.

mod added;
mod perform;
mod recorder;
mod test_yard;
#[cfg(test)]
mod tests;

pub use added::Added;
pub use perform::{Bench, Performed, perform};
pub use recorder::Ran;
pub use test_yard::TestYard;
