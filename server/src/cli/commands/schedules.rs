//! `taskyard schedules` and `schedule`.

use serde_json::json;
use taskyard::shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};

use super::new_job::{with_options, with_work};
use crate::cli::args::{ClientArgs, NameArgs, PreviewArgs, ScheduleArgs};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{ago, moment, now_ms, plain, thousands, until};
use crate::cli::output::{self, Form};
use crate::cli::table::Table;

pub async fn list(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["schedules"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let schedules: Vec<ScheduleStatus> = answer.part("schedules")?;
    if schedules.is_empty() {
        output::remark("no schedules; set one with `taskyard schedule set`");
        return Ok(Exit::Done);
    }
    output::table(&table(&schedules))?;
    Ok(Exit::Done)
}

pub async fn set(args: ScheduleArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let job = with_options(with_work(&api, args.work, &[]).await?, args.options);
    let schedule = Schedule {
        name: args.name.clone(),
        cron: args.times.cron,
        zone: args.times.zone,
        job,
        overlap: args.overlap,
        missed: args.missed,
        paused: args.paused,
    };
    let answer = api.put(&["schedules", &args.name], &schedule).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let status: ScheduleStatus = answer.part("schedule")?;
    output::line(&sentence(&status))?;
    Ok(Exit::Done)
}

pub async fn remove(args: NameArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.delete(&["schedules", &args.name]).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&format!("schedule {} is removed", args.name))?,
    }
    Ok(Exit::Done)
}

pub async fn pause(args: NameArgs) -> Result<Exit, CliError> {
    act(&args, "pause", sentence).await
}

pub async fn resume(args: NameArgs) -> Result<Exit, CliError> {
    act(&args, "resume", sentence).await
}

pub async fn run(args: NameArgs) -> Result<Exit, CliError> {
    act(&args, "run", |status| {
        let job = status.last_job.map(|id| format!(": job {id}")).unwrap_or_default();
        format!("schedule {} has added its job{job}", status.schedule.name)
    })
    .await
}

pub async fn preview(args: PreviewArgs) -> Result<Exit, CliError> {
    let wanted = json!({ "cron": args.cron, "zone": args.zone });
    let answer = Api::new(&args.client)?.post(&["schedules", "preview"], &wanted).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let runs_at_ms: Vec<i64> = answer.part("runs_at_ms")?;
    if runs_at_ms.is_empty() {
        output::remark("it never runs");
    }
    runs_at_ms.iter().try_for_each(|at| output::line(&in_zone(*at, &args.zone)))?;
    Ok(Exit::Done)
}

async fn act(
    args: &NameArgs,
    action: &str,
    tell: impl Fn(&ScheduleStatus) -> String,
) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.post(&["schedules", &args.name, action], &json!({})).await?;
    match args.client.form() {
        Form::Json => output::json(&answer.json)?,
        Form::Text => output::line(&tell(&answer.part("schedule")?))?,
    }
    Ok(Exit::Done)
}

fn sentence(status: &ScheduleStatus) -> String {
    let name = &status.schedule.name;
    match status.next_run_at_ms {
        _ if status.schedule.paused => format!("schedule {name} is paused"),
        Some(at) => format!("schedule {name} runs next at {}", in_zone(at, &status.schedule.zone)),
        None => format!("schedule {name} will not run any more"),
    }
}

/// Date, time and offset in the zone; in this machine's where it is not known here.
fn in_zone(at_ms: i64, zone: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).and_then(|at| at.in_tz(zone));
    at.map_or_else(|_| moment(at_ms), |at| at.strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string())
}

fn table(schedules: &[ScheduleStatus]) -> Table {
    let now = now_ms();
    let headings = [
        "SCHEDULE", "CRON", "ZONE", "KIND", "NEXT RUN", "LAST RUN", "LAST JOB", "OVERLAP", "MISSED",
        "SKIPPED",
    ];
    let mut table = Table::new(&headings).with_optional(&["OVERLAP", "MISSED", "SKIPPED"]);
    for status in schedules {
        let schedule = &status.schedule;
        let next = match status.next_run_at_ms {
            _ if schedule.paused => "paused".to_owned(),
            Some(at) => until(at, now),
            None => "never".to_owned(),
        };
        table.row([
            schedule.name.clone(),
            plain(&schedule.cron),
            schedule.zone.clone(),
            schedule.job.kind.clone(),
            next,
            status.last_run_at_ms.map(|at| ago(at, now)).unwrap_or_default(),
            status.last_job.map(|id| id.to_string()).unwrap_or_default(),
            overlap(schedule.overlap).to_owned(),
            missed(schedule.missed).to_owned(),
            if status.skipped > 0 { thousands(status.skipped) } else { String::new() },
        ]);
    }
    table
}

/// As it is typed; nothing for what holds unless somebody says otherwise.
fn overlap(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Allow => "",
        Overlap::Skip => "skip",
        Overlap::Replace => "replace",
    }
}

/// As [`overlap`].
fn missed(missed: Missed) -> &'static str {
    match missed {
        Missed::RunOnce => "",
        Missed::Skip => "skip",
        Missed::RunAll => "run-all",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_told_in_the_schedules_own_zone() {
        assert_eq!(in_zone(1_801_386_000_000, "Europe/Berlin"), "Sun 2027-01-31 10:00:00 +01:00");
        assert_eq!(in_zone(1_801_386_000_000, "UTC"), "Sun 2027-01-31 09:00:00 +00:00");
    }
}
