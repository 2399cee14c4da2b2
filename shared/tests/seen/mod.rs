//! What the golden files show. Each match is exhaustive: a new variant does not compile until it is named here, and
//! then the test fails until it has a file.

mod options;

use std::collections::BTreeSet;

use taskyard_shared::command::{AddOutcome, ClientFrame, Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::explain::Reason;
use taskyard_shared::operation::{BulkAction, OperationState};
use taskyard_shared::service::PoolKind;
use taskyard_shared::view::{ViewDelta, ViewQuery, ViewSnapshot, WindowStart, YardLists};

/// The variants seen.
#[derive(Default)]
pub struct Seen(pub BTreeSet<&'static str>);

impl Seen {
    fn note(&mut self, name: &'static str) {
        self.0.insert(name);
    }

    pub fn client(&mut self, frame: &ClientFrame) {
        let name = match frame {
            ClientFrame::Hello { .. } => "client hello",
            ClientFrame::Command { command, .. } => {
                self.inside_command(command);
                self.note(command_name(command));
                "command"
            }
            ClientFrame::Watch { query, resume, .. } => {
                self.note(query_name(query));
                if resume.is_some() { "watch with resume" } else { "watch" }
            }
            ClientFrame::Unwatch { .. } => "unwatch",
            ClientFrame::Ack { .. } => "ack",
        };
        self.note(name);
    }

    fn inside_command(&mut self, command: &Command) {
        match command {
            Command::AddJob { job } => self.new_job(job),
            Command::AddJobs { jobs } => jobs.jobs.iter().for_each(|job| self.new_job(job)),
            Command::ConfigureQueue { change, .. } => self.queue_change(change),
            Command::StartOperation { operation } => self.note(action_name(&operation.action)),
            _ => (),
        }
    }

    pub fn server(&mut self, frame: &ServerFrame) {
        let name = match frame {
            ServerFrame::Hello { .. } => "server hello",
            ServerFrame::Reply { reply, .. } => {
                self.inside_reply(reply);
                self.note(reply_name(reply));
                "reply"
            }
            ServerFrame::Snapshot { snapshot, .. } => self.snapshot(snapshot),
            ServerFrame::Delta { delta, .. } => self.delta(delta),
            ServerFrame::Error { .. } => "error",
            ServerFrame::Stopping {} => "stopping",
        };
        self.note(name);
    }

    fn inside_reply(&mut self, reply: &Reply) {
        match reply {
            Reply::JobAdded { is_new: false, .. } => self.note("job_added of another job"),
            Reply::JobsAdded { outcomes, .. } => {
                outcomes.iter().for_each(|outcome| self.note(outcome_name(outcome)));
            }
            Reply::Explained { explanation } => {
                explanation.reasons.iter().for_each(|reason| self.note(reason_name(reason)));
            }
            Reply::Job { detail } => self.detail(detail),
            Reply::Yard { yard } => self.yard(yard),
            Reply::Error { error } => self.note(error.code.as_str()),
            _ => (),
        }
    }

    fn snapshot(&mut self, snapshot: &ViewSnapshot) -> &'static str {
        match snapshot {
            ViewSnapshot::Queues { queues } => {
                queues.iter().for_each(|queue| self.queue(queue));
                "snapshot queues"
            }
            ViewSnapshot::Jobs { window } => {
                window.rows.iter().for_each(|job| self.job(job));
                "snapshot jobs"
            }
            ViewSnapshot::Yard { yard } => {
                self.yard(yard);
                "snapshot yard"
            }
            ViewSnapshot::Log { lines } => {
                lines.iter().for_each(|line| self.note(line.level.as_str()));
                "snapshot log"
            }
            ViewSnapshot::Services { services } => {
                services.pools.iter().for_each(|pool| self.note(pool_name(pool.kind)));
                "snapshot services"
            }
        }
    }

    fn delta(&mut self, delta: &ViewDelta) -> &'static str {
        match delta {
            ViewDelta::Queues { .. } => "delta queues",
            ViewDelta::Jobs { .. } => "delta jobs",
            ViewDelta::Yard { schedules: Some(_), limits: Some(_), operations: Some(_) } => {
                "delta yard, every list"
            }
            ViewDelta::Yard { .. } => "delta yard",
            ViewDelta::Services { limiter: Some(_), cache: Some(_), pools: Some(_) } => {
                "delta services, every part"
            }
            ViewDelta::Services { .. } => "delta services",
            ViewDelta::Log { lines } => {
                lines.iter().for_each(|line| self.note(line.level.as_str()));
                "delta log"
            }
        }
    }

    fn yard(&mut self, yard: &YardLists) {
        for operation in &yard.operations {
            self.note(match operation.state {
                OperationState::Waiting => "operation waiting",
                OperationState::Running => "operation running",
                OperationState::Done => "operation done",
                OperationState::Undone => "operation undone",
            });
        }
    }
}

fn command_name(command: &Command) -> &'static str {
    match command {
        Command::AddJob { .. } => "add_job",
        Command::AddJobs { .. } => "add_jobs",
        Command::CancelJob { .. } => "cancel_job",
        Command::RetryJob { .. } => "retry_job",
        Command::DeleteJob { .. } => "delete_job",
        Command::SetPriority { .. } => "set_priority",
        Command::ExplainJob { .. } => "explain_job",
        Command::ClearFinished { .. } => "clear_finished",
        Command::PauseQueue { .. } => "pause_queue",
        Command::ResumeQueue { .. } => "resume_queue",
        Command::SetConcurrency { .. } => "set_concurrency",
        Command::ConfigureQueue { .. } => "configure_queue",
        Command::ShowJob { .. } => "show_job",
        Command::ShowBatch { .. } => "show_batch",
        Command::ListKinds {} => "list_kinds",
        Command::StartOperation { .. } => "start_operation",
        Command::UndoOperation { .. } => "undo_operation",
        Command::SetLimit { .. } => "set_limit",
        Command::RemoveLimit { .. } => "remove_limit",
        Command::SetSchedule { .. } => "set_schedule",
        Command::RemoveSchedule { .. } => "remove_schedule",
        Command::PauseSchedule { .. } => "pause_schedule",
        Command::ResumeSchedule { .. } => "resume_schedule",
        Command::RunSchedule { .. } => "run_schedule",
        Command::PreviewSchedule { .. } => "preview_schedule",
        Command::ListYard {} => "list_yard",
        Command::ListServices {} => "list_services",
        Command::DropCached { .. } => "drop_cached",
    }
}

fn query_name(query: &ViewQuery) -> &'static str {
    match query {
        ViewQuery::Queues {} => "query queues",
        ViewQuery::Jobs { query } => match query.start {
            WindowStart::Top => "query jobs top",
            WindowStart::After { .. } => "query jobs after",
            WindowStart::Offset { .. } => "query jobs offset",
        },
        ViewQuery::Yard {} => "query yard",
        ViewQuery::Log { .. } => "query log",
        ViewQuery::Services {} => "query services",
    }
}

fn reply_name(reply: &Reply) -> &'static str {
    match reply {
        Reply::JobAdded { .. } => "job_added",
        Reply::JobsAdded { .. } => "jobs_added",
        Reply::JobCancelled { .. } => "job_cancelled",
        Reply::JobRetried { .. } => "job_retried",
        Reply::JobDeleted { .. } => "job_deleted",
        Reply::PrioritySet { .. } => "priority_set",
        Reply::Explained { .. } => "explained",
        Reply::FinishedCleared { .. } => "finished_cleared",
        Reply::QueueChanged { .. } => "queue_changed",
        Reply::Job { .. } => "job",
        Reply::Kinds { .. } => "kinds",
        Reply::Batch { .. } => "batch",
        Reply::Operation { .. } => "operation",
        Reply::LimitSet { .. } => "limit_set",
        Reply::LimitRemoved { .. } => "limit_removed",
        Reply::ScheduleSet { .. } => "schedule_set",
        Reply::ScheduleRemoved { .. } => "schedule_removed",
        Reply::Preview { .. } => "preview",
        Reply::Yard { .. } => "yard",
        Reply::Services { .. } => "services",
        Reply::CacheDropped { .. } => "cache_dropped",
        Reply::Watching { .. } => "watching",
        Reply::Error { .. } => "error reply",
    }
}

fn outcome_name(outcome: &AddOutcome) -> &'static str {
    match outcome {
        AddOutcome::Added { .. } => "added",
        AddOutcome::Existing { .. } => "existing",
        AddOutcome::Replaced { .. } => "replaced",
        AddOutcome::Refused { .. } => "refused",
        AddOutcome::NotAdded {} => "not_added",
    }
}

fn action_name(action: &BulkAction) -> &'static str {
    match action {
        BulkAction::Cancel {} => "action cancel",
        BulkAction::Retry {} => "action retry",
        BulkAction::Delete {} => "action delete",
        BulkAction::Reprioritise { .. } => "action reprioritise",
    }
}

fn pool_name(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Smtp => "smtp pool",
        PoolKind::Postgres => "postgres pool",
        PoolKind::Sqlite => "sqlite pool",
    }
}

fn reason_name(reason: &Reason) -> &'static str {
    match reason {
        Reason::Expired { .. } => "expired",
        Reason::WaitsFor { .. } => "waits_for",
        Reason::DependencyFailed { .. } => "dependency_failed",
        Reason::RunTime { .. } => "run_time",
        Reason::QueuePaused { .. } => "queue_paused",
        Reason::NoFreeSlot { .. } => "no_free_slot",
        Reason::Limited { .. } => "limited",
        Reason::Behind { .. } => "behind",
        Reason::NoWorker { .. } => "no_worker",
        Reason::Stopping {} => "reason stopping",
        Reason::StoreFailing {} => "store_failing",
    }
}

/// Every name that [`Seen`] knows.
pub fn all_messages() -> BTreeSet<&'static str> {
    let from_client = "client hello|command|watch|watch with resume|unwatch|ack|query queues|query jobs top|\
                       query jobs after|query jobs offset|query yard|query log|query services|action cancel|action retry|\
                       action delete|action reprioritise";
    let from_server = "server hello|reply|error|stopping|snapshot queues|snapshot jobs|snapshot yard|snapshot log|\
                       snapshot services|delta queues|delta jobs|delta yard|delta yard, every list|delta log|\
                       delta services|delta services, every part";
    let replies = "job_added|job_added of another job|jobs_added|job_cancelled|job_retried|job_deleted|\
                   priority_set|explained|finished_cleared|queue_changed|job|kinds|batch|operation|limit_set|\
                   limit_removed|schedule_set|schedule_removed|preview|yard|services|cache_dropped|watching|error reply";
    let inside = "added|existing|replaced|refused|not_added|expired|waits_for|dependency_failed|run_time|queue_paused|\
                  no_free_slot|limited|behind|no_worker|reason stopping|store_failing|operation running|\
                  operation done|operation undone|debug|info|warn|smtp pool|postgres pool|sqlite pool";
    let listed = [from_client, from_server, replies, inside];
    let listed = listed.into_iter().flat_map(|names| names.split('|'));
    listed.chain(options::ALL).chain(Command::NAMES).chain(ErrorCode::ALL.map(ErrorCode::as_str)).collect()
}
