//! Waiting for a job with a progress bar, through the live protocol: nothing is polled.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use taskyard::shared::job::{JobDetail, JobId, JobState, JobSummary};
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, ViewQuery, WindowStart};

use super::show;
use crate::cli::client::{Api, Feed, FeedEvent, LiveRows};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::plain;
use crate::cli::output;

/// Waits until the job has ended, then prints its result, error and artifacts.
pub async fn until_ended(api: &Api, id: JobId) -> Result<Exit, CliError> {
    let filter = JobFilter { text: format!("#{id}"), ..JobFilter::default() };
    let query = JobsQuery { filter, sort: SortOrder::Newest, start: WindowStart::Top, limit: 1 };
    let mut feed = Feed::open(api, vec![ViewQuery::Jobs { query }]).await?;
    let mut rows = LiveRows::default();
    let mut teller = Teller::new();
    loop {
        let event = feed.next().await?;
        if let FeedEvent::Lost { reason, .. } = &event {
            teller.note(&format!("connection lost ({reason}); trying again"));
            continue;
        }
        rows.apply(&event);
        match rows.job(id) {
            Some(job) if !job.state.is_finished() => teller.tell(job),
            // Ended, or deleted already: the request below tells which.
            _ => break,
        }
    }
    teller.finish();
    let detail: JobDetail = api.get(&["api", "v1", "jobs", &id.to_string()], &[]).await?;
    output::line(&format!("job {id} is {}", detail.job.state))?;
    show::outcome(api, &detail)?;
    Ok(match detail.job.state {
        JobState::Failed => Exit::Failed,
        JobState::Cancelled => Exit::Cancelled,
        _ => Exit::Done,
    })
}

/// A bar on a terminal, lines elsewhere. Both go to stderr: stdout is for the result.
struct Teller {
    bar: Option<ProgressBar>,
    last: String,
}

impl Teller {
    fn new() -> Self {
        let bar = console::Term::stderr().is_term().then(|| {
            let bar = ProgressBar::new(1_000);
            let style = ProgressStyle::with_template("{spinner} [{bar:32}] {percent:>3} % {elapsed} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Teller { bar, last: String::new() }
    }

    fn tell(&mut self, job: &JobSummary) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(u64::from(job.progress.thousandths()));
                bar.set_message(format!("{} {}", job.state, plain(&job.name)));
            }
            None => {
                // Tenths, so that a log of a long job stays short.
                let percent = job.progress.thousandths() / 100 * 10;
                let line = match job.state {
                    JobState::Processing => format!("job {} is processing, {percent} %", job.id),
                    state => format!("job {} is {state}", job.id),
                };
                self.note(&line);
            }
        }
    }

    fn note(&mut self, line: &str) {
        if self.last == line {
            return;
        }
        line.clone_into(&mut self.last);
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
