//! `taskyard watch`: a live table on a terminal, one line for each change elsewhere.

use std::time::Duration;

use console::Term;
use serde_json::json;
use taskyard::shared::job::JobState;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, ViewQuery, WindowStart};

use super::{list, queues};
use crate::cli::args::WatchArgs;
use crate::cli::client::{Api, Feed, FeedEvent, LiveRows, RowChange};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{moment, now_ms, plain, progress};
use crate::cli::interrupts::interrupts;
use crate::cli::output::{self, Form};

/// Times on the screen move although nothing else does.
const TICK: Duration = Duration::from_secs(1);

pub async fn run(args: WatchArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let query = JobsQuery {
        filter: JobFilter::default(),
        sort: SortOrder::Newest,
        start: WindowStart::Top,
        limit: args.limit,
    };
    let feed = Feed::open(&api, vec![ViewQuery::Queues {}, ViewQuery::Jobs { query }]).await?;
    let terminal = Term::stdout();
    let mut view = match args.client.form() {
        Form::Json => View::Json,
        Form::Text if terminal.is_term() => View::Screen(Screen { terminal, lines: 0 }),
        Form::Text => View::Lines,
    };
    let (mut events, mut interrupts) = (feed.into_events(), interrupts().await);
    let mut rows = LiveRows::default();
    let mut lost = None;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            Some(()) = interrupts.recv() => return Ok(Exit::Done),
            _ = tick.tick() => view.redraw(&rows, lost.as_deref())?,
            event = events.recv() => {
                let Some(event) = event else { return Ok(Exit::Done) };
                let event = event?;
                lost = match &event {
                    FeedEvent::Lost { reason, retry_in } => {
                        Some(format!("connection lost ({reason}); trying again in {:.1} s", retry_in.as_secs_f64()))
                    }
                    _ => None,
                };
                let changes = rows.apply(&event);
                view.tell(&changes, lost.as_deref())?;
                view.redraw(&rows, lost.as_deref())?;
            }
        }
    }
}

enum View {
    Screen(Screen),
    /// A line for each change.
    Lines,
    /// The same for programs.
    Json,
}

struct Screen {
    terminal: Term,
    /// How many lines stand there from the last time.
    lines: usize,
}

impl View {
    fn redraw(&mut self, rows: &LiveRows, lost: Option<&str>) -> Result<(), CliError> {
        match self {
            View::Screen(screen) => screen.draw(rows, lost).map_err(CliError::Output),
            View::Lines | View::Json => Ok(()),
        }
    }

    fn tell(&self, changes: &[RowChange], lost: Option<&str>) -> Result<(), CliError> {
        match self {
            View::Screen(_) => Ok(()),
            View::Lines => {
                lost.into_iter().for_each(output::remark);
                changes.iter().try_for_each(|change| output::line(&change_line(change)))
            }
            View::Json => {
                let lost = lost.map(|reason| json!({ "type": "lost", "reason": reason }));
                lost.iter().try_for_each(output::json_line)?;
                changes.iter().try_for_each(output::json_line)
            }
        }
    }
}

impl Screen {
    fn draw(&mut self, rows: &LiveRows, lost: Option<&str>) -> std::io::Result<()> {
        let (height, width) = self.terminal.size();
        let mut lines = queues::table(rows.queues()).lines(usize::from(width));
        lines.push(String::new());
        lines.extend(list::table(rows.jobs()).lines(usize::from(width)));
        // The last line is the status; what does not fit above it is left out.
        lines.truncate(usize::from(height).saturating_sub(2));
        lines.push(lost.map_or_else(|| "live; Ctrl-C ends".to_owned(), plain));
        self.terminal.clear_last_lines(self.lines)?;
        self.terminal.write_line(&lines.join("\n"))?;
        self.lines = lines.len();
        self.terminal.flush()
    }
}

fn change_line(change: &RowChange) -> String {
    let now = moment(now_ms());
    match change {
        RowChange::Job { job } => {
            format!("{now} job {} {} {} {} {}", job.id, job.kind, job.state, progress(job), plain(&job.name))
        }
        RowChange::Removed { id } => format!("{now} job {id} left the list"),
        RowChange::Queue { queue } => {
            let counts = &queue.counts;
            let rare = [JobState::Scheduled, JobState::Waiting];
            // The rare ones are named when there are some.
            let named = JobState::ALL.into_iter().filter(|state| counts[*state] > 0 || !rare.contains(state));
            let counts: Vec<String> = named.map(|state| format!("{} {state}", counts[state])).collect();
            let notes: String = queues::notes(queue).iter().map(|note| format!(", {note}")).collect();
            format!("{now} queue {}: {}{notes}", queue.name, counts.join(", "))
        }
    }
}
