//! Runs the gate's steps in order, stops at the first that fails, and sums up.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::steps::{STEPS, Step, When};
use crate::process::in_words;
use crate::workspace::Workspace;

pub fn steps_help() -> String {
    let mut help = "The steps of `cargo xtask test`, in their order:\n\n".to_owned();
    for step in &STEPS {
        let note = if step.when == When::Asked { " (only when asked for)" } else { "" };
        help.push_str(&format!("  {:<8} {}{note}\n", step.name, step.about));
    }
    help
}

/// `args` are names of steps, none for the whole gate, and after `--` what the tests' programs get.
pub fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut halves = args.splitn(2, |arg| arg == "--");
    let names = halves.next().unwrap_or_default();
    let test_args = halves.next().unwrap_or_default();
    let steps = chosen(names)?;
    let mut done = Vec::new();
    for step in &steps {
        println!("\n=== {}: {}", step.name, step.about);
        let began = Instant::now();
        let outcome = (step.run)(workspace, test_args);
        done.push((step.name, began.elapsed(), outcome.is_ok()));
        if let Err(error) = outcome {
            sum_up(&done, &steps);
            return Err(error).with_context(|| format!("the step \"{}\" failed", step.name));
        }
    }
    sum_up(&done, &steps);
    Ok(ExitCode::SUCCESS)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().filter(|step| step.when == When::Always).collect());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("the gate has no step \"{unknown}\"\n\n{}", steps_help());
    }
    Ok(STEPS.iter().filter(|step| names.iter().any(|name| name == step.name)).collect())
}

fn sum_up(done: &[(&str, Duration, bool)], steps: &[&Step]) {
    println!();
    for (name, took, passed) in done {
        println!("{:<8} {:<6} {:>12}", name, if *passed { "ok" } else { "FAILED" }, in_words(*took));
    }
    for step in &steps[done.len()..] {
        println!("{:<8} not run", step.name);
    }
    let all: Duration = done.iter().map(|(_, took, _)| took).sum();
    let failed = done.iter().filter(|(_, _, passed)| !passed).count();
    println!("in all {}\ngate: {} passed, {failed} failed", in_words(all), done.len() - failed);
}
