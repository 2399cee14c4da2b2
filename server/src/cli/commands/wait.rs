//! Waiting for a job with a progress bar, through the live protocol: nothing is polled.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use taskyard::shared::job::{JobDetail, JobId, JobState, JobSummary};
use taskyard::shared::limits::MAX_LOG_LINES;
use taskyard::shared::view::{
    JobFilter, JobsQuery, SortOrder, ViewDelta, ViewQuery, ViewSnapshot, WindowStart,
};

use super::log_tail::{LogTail, log_line};
use super::show;
use crate::cli::client::{Api, Feed, FeedEvent, LiveRows};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{failures, moment, plain};
use crate::cli::output::{self, Form};

/// Whether to show what the work writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Shown,
    Left,
}

/// Waits until the job has ended, through retries too, then prints its result, error and artifacts.
pub async fn until_ended(api: &Api, id: JobId, log: Log, form: Form) -> Result<Exit, CliError> {
    let mut views = vec![row_of(id)];
    if log == Log::Shown {
        views.push(ViewQuery::Log { job: id });
    }
    let mut feed = Feed::open(api, views).await?;
    let (mut rows, mut tail) = (LiveRows::default(), LogTail::newest(MAX_LOG_LINES));
    let mut teller = Teller::new(form);
    loop {
        let event = feed.next().await?;
        if let FeedEvent::Lost { reason, .. } = &event {
            teller.note(&format!("connection lost ({reason}); trying again"));
            continue;
        }
        tail.take_in(&event).iter().for_each(|line| teller.print(&log_line(line)));
        rows.apply(&event);
        match rows.job(id) {
            Some(job) if !job.state.is_finished() => teller.tell(job),
            // The log came first.
            None if !matches!(
                event,
                FeedEvent::Snapshot(ViewSnapshot::Jobs { .. }) | FeedEvent::Delta(ViewDelta::Jobs { .. })
            ) => {}
            // Ended, or deleted already: the request below tells which.
            _ => break,
        }
    }
    if log == Log::Shown {
        tail.rest(api, id).await?.iter().for_each(|line| teller.print(&log_line(line)));
    }
    teller.finish();
    finish(api, id, form).await
}

/// The view of one row: that of this job.
pub fn row_of(id: JobId) -> ViewQuery {
    let filter = JobFilter { text: format!("#{id}"), ..JobFilter::default() };
    let query = JobsQuery { filter, sort: SortOrder::Newest, start: WindowStart::Top, limit: 1 };
    ViewQuery::Jobs { query }
}

async fn finish(api: &Api, id: JobId, form: Form) -> Result<Exit, CliError> {
    let answer = api.get(&["jobs", &id.to_string()], &[]).await?;
    let detail: JobDetail = answer.read()?;
    match form {
        Form::Json => output::json(&answer.json)?,
        Form::Text => {
            output::line(&format!("job {id} is {}", detail.job.state))?;
            show::outcome(api, &detail)?;
        }
    }
    Ok(match detail.job.state {
        JobState::Failed => Exit::Failed,
        JobState::Cancelled => Exit::Cancelled,
        _ => Exit::Done,
    })
}

/// A bar on a terminal, lines elsewhere. Both go to stderr: stdout is for the result.
struct Teller {
    bar: Option<ProgressBar>,
    form: Form,
    last: String,
}

impl Teller {
    fn new(form: Form) -> Self {
        let bar = console::Term::stderr().is_term().then(|| {
            let bar = ProgressBar::new(1_000);
            let style = ProgressStyle::with_template("{spinner} [{bar:32}] {percent:>3} % {elapsed} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Teller { bar, form, last: String::new() }
    }

    fn tell(&mut self, job: &JobSummary) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(u64::from(job.progress.thousandths()));
                bar.set_message(format!("{} {}", state(job), plain(&job.name)));
            }
            None => {
                // Tenths, so that a log of a long job stays short.
                let percent = job.progress.thousandths() / 100 * 10;
                let line = match job.state {
                    JobState::Processing => format!("job {} is processing, {percent} %", job.id),
                    _ => format!("job {} is {}", job.id, state(job)),
                };
                self.note(&line);
            }
        }
    }

    /// A remark, once; programs that read JSON get none.
    fn note(&mut self, line: &str) {
        if self.last == line {
            return;
        }
        line.clone_into(&mut self.last);
        if self.bar.is_some() || self.form == Form::Text {
            self.print(line);
        }
    }

    fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => output::remark(line),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `processing`, `scheduled for 2027-01-31 09:00:00 after 2 of 5 failed`.
fn state(job: &JobSummary) -> String {
    let at = match (job.state, job.run_at_ms) {
        (JobState::Scheduled, Some(at)) => format!(" for {}", moment(at)),
        _ => String::new(),
    };
    let failures = failures(job);
    let failed = if failures.is_empty() { failures } else { format!(" after {failures} failed") };
    format!("{}{at}{failed}", job.state)
}
