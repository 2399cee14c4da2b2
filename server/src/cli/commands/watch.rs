//! `taskyard watch`: a live table on a terminal, one line for each change elsewhere.

use std::time::Duration;

use console::Term;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, ViewQuery, WindowStart};
use tokio::sync::mpsc;

use super::{list, queues};
use crate::cli::args::WatchArgs;
use crate::cli::client::{Api, Feed, FeedEvent, LiveRows, RowChange};
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{moment, now_ms, plain, progress};
use crate::cli::output;

/// Times on the screen move although nothing else does.
const TICK: Duration = Duration::from_secs(1);

pub async fn run(args: WatchArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.server)?;
    let query = JobsQuery {
        filter: JobFilter::default(),
        sort: SortOrder::Newest,
        start: WindowStart::Top,
        limit: args.limit,
    };
    let feed = Feed::open(&api, vec![ViewQuery::Queues {}, ViewQuery::Jobs { query }]).await?;
    let terminal = Term::stdout();
    let mut view = match terminal.is_term() {
        true => View::Screen(Screen { terminal, lines: 0 }),
        false => View::Lines,
    };
    let mut events = events(feed);
    let mut rows = LiveRows::default();
    let mut lost = None;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
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

/// The feed in a task of its own: dropping its future half-way would lose a frame. The channel is short: when
/// the terminal is slow the feed waits, and the server coalesces.
fn events(mut feed: Feed) -> mpsc::Receiver<Result<FeedEvent, CliError>> {
    let (sender, receiver) = mpsc::channel(4);
    actix_web::rt::spawn(async move {
        loop {
            let event = feed.next().await;
            let is_last = event.is_err();
            if sender.send(event).await.is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

enum View {
    Screen(Screen),
    Lines,
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
            View::Lines => Ok(()),
        }
    }

    fn tell(&self, changes: &[RowChange], lost: Option<&str>) -> Result<(), CliError> {
        if matches!(self, View::Screen(_)) {
            return Ok(());
        }
        if let Some(lost) = lost {
            output::remark(lost);
        }
        changes.iter().try_for_each(|change| output::line(&change_line(change)))
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
        RowChange::Job(job) => {
            format!("{now} job {} {} {} {} {}", job.id, job.kind, job.state, progress(job), plain(&job.name))
        }
        RowChange::Removed(id) => format!("{now} job {id} left the list"),
        RowChange::Queue(queue) => {
            let counts = &queue.counts;
            format!(
                "{now} queue {}: {} pending, {} processing, {} completed, {} failed, {} cancelled{}",
                queue.name,
                counts.pending,
                counts.processing,
                counts.completed,
                counts.failed,
                counts.cancelled,
                if queue.paused { ", paused" } else { "" },
            )
        }
    }
}
