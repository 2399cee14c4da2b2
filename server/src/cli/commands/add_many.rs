//! `taskyard add-many`.

use serde_json::Value;
use taskyard::shared::batch::BatchId;
use taskyard::shared::command::AddOutcome;
use taskyard::shared::new_job::{NewJob, NewJobs};

use super::new_job::read_text;
use crate::cli::args::AddManyArgs;
use crate::cli::client::{Answer, Api};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{one_or_more, plain};
use crate::cli::output::{self, Form};

pub async fn run(args: AddManyArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let jobs = read_jobs(&read_text(&args.file)?).map_err(CliError::Usage)?;
    let jobs = with_terms(jobs, &args)?;
    let answer = api.post_once(&["jobs", "bulk"], &jobs, args.idempotency_key.as_deref()).await?;
    let outcomes: Vec<AddOutcome> = answer.part("outcomes")?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => tell(&answer, &jobs, &outcomes)?,
    }
    Ok(if outcomes.iter().all(is_there) { Exit::Done } else { Exit::Usage })
}

/// What the options say wins over what the file says.
fn with_terms(jobs: NewJobs, args: &AddManyArgs) -> Result<NewJobs, CliError> {
    let then = args.then.as_deref().map(|text| {
        let job: Result<NewJob, _> = serde_json::from_str(text);
        job.map(Box::new).map_err(|error| CliError::Usage(format!("--then is not a job: {error}")))
    });
    Ok(NewJobs {
        jobs: jobs.jobs,
        mode: args.mode.unwrap_or(jobs.mode),
        batch: args.batch.clone().or(jobs.batch),
        then: then.transpose()?.or(jobs.then),
        chain: args.chain || jobs.chain,
    })
}

/// A list of jobs, an object with `jobs`, or one job a line.
fn read_jobs(text: &str) -> Result<NewJobs, String> {
    let terms = |jobs| NewJobs { jobs, mode: Default::default(), batch: None, then: None, chain: false };
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => {
            let jobs = (0..).zip(list).map(|(index, job)| read_job(job, &place(index)));
            jobs.collect::<Result<_, _>>().map(terms)
        }
        Ok(whole @ Value::Object(_)) if whole.get("jobs").is_some() => serde_json::from_value(whole)
            .map_err(|error| format!("the file is not a call to add jobs: {error}")),
        _ => read_lines(text).map(terms),
    }
}

fn read_lines(text: &str) -> Result<Vec<NewJob>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let json = serde_json::from_str(line).map_err(|error| {
                format!("line {number} is not JSON ({error}); write one job a line, or a list")
            })?;
            read_job(json, &format!("line {number}"))
        })
        .collect()
}

fn read_job(json: Value, place: &str) -> Result<NewJob, String> {
    serde_json::from_value(json).map_err(|error| format!("{place} is not a job: {error}"))
}

fn is_there(outcome: &AddOutcome) -> bool {
    matches!(outcome, AddOutcome::Added { .. } | AddOutcome::Existing { .. } | AddOutcome::Replaced { .. })
}

fn place(index: usize) -> String {
    format!("jobs[{index}]")
}

/// A line for each job: what is there on stdout, what is not on stderr.
fn tell(answer: &Answer, jobs: &NewJobs, outcomes: &[AddOutcome]) -> Result<(), CliError> {
    for (index, outcome) in outcomes.iter().enumerate() {
        let place = if index < jobs.jobs.len() { place(index) } else { "then".to_owned() };
        match outcome {
            AddOutcome::Added { id } => output::line(&format!("{place}: job {id} is added"))?,
            AddOutcome::Existing { id } => output::line(&format!("{place}: job {id} is there already"))?,
            AddOutcome::Replaced { id } => {
                output::line(&format!("{place}: job {id} has these arguments now"))?
            }
            AddOutcome::Refused { error } => {
                output::remark(&format!("{place}: {}", plain(&error.to_string())))
            }
            AddOutcome::NotAdded {} => output::remark(&format!("{place}: not added, because of the others")),
        }
    }
    let there = outcomes.iter().filter(|outcome| is_there(outcome)).count();
    let batch: Option<BatchId> = answer.part("batch")?;
    let batch = batch.map_or_else(String::new, |id| format!(", as batch {id}"));
    output::remark(&format!("{} of {}{batch}", there, one_or_more(outcomes.len() as u64, "job")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEA: &str = r#"{"kind":"demo","args":{"name":"Tea"}}"#;

    #[test]
    fn a_list_an_object_and_lines_are_the_same_jobs() {
        let texts =
            [format!("[{TEA},{TEA}]"), format!(" {{\"jobs\":[{TEA},{TEA}]}} "), format!("{TEA}\n\n{TEA}\n")];
        let read: Vec<NewJobs> = texts.iter().map(|text| read_jobs(text).unwrap()).collect();
        assert_eq!(read[0].jobs.len(), 2);
        assert!(read.iter().all(|jobs| *jobs == read[0]));
        assert_eq!(read_jobs(TEA).unwrap().jobs.len(), 1, "one job on one line");
        assert_eq!(read_jobs("").unwrap().jobs.len(), 0, "the server says that it wants some");
    }

    #[test]
    fn mistakes_say_where() {
        let cases = [
            (format!("[{TEA},{{\"kid\":1}}]"), "jobs[1] is not a job: unknown field `kid`"),
            (r#"[["demo",null,{}]]"#.to_owned(), "jobs[0] is not a job: invalid type: sequence"),
            (format!("{TEA}\n{{\"kind\":1}}"), "line 2 is not a job: invalid type"),
            (format!("{TEA}\n{{"), "line 2 is not JSON"),
            ("hello".to_owned(), "line 1 is not JSON"),
            (r#"{"jobs":[],"chian":true}"#.to_owned(), "unknown field `chian`"),
        ];
        for (text, says) in cases {
            let error = read_jobs(&text).expect_err(&text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
