//! `taskyard bench watch`: what tabs get, and what they cost, while jobs are added at a steady rate.

pub mod host;

use super::args::WatchArgs;
use super::live::measure;
use super::report::LiveReport;
use super::run::DataFolder;
use super::tabs::TabsPlan;
use crate::cli::error::{CliError, Exit};

/// Tabs by which the memory of an idle one is told.
const IDLE_TABS: u32 = 1_000;

pub async fn run(args: WatchArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut figures = Vec::new();
    for views in &args.views {
        for tabs in &args.tabs {
            for silent in silent(*tabs, args.never_read) {
                let case = folder.case(&format!("watch-{views}-views-{tabs}-tabs-{silent}-silent"))?;
                let plan = TabsPlan { count: *tabs, views: *views, silent };
                figures.push(measure(case.path(), args.load, plan).await?);
            }
        }
    }
    let idle_tabs = args.tabs.iter().copied().max().unwrap_or(IDLE_TABS).min(IDLE_TABS);
    let idle = host::idle_memory(folder.case("idle")?.path(), idle_tabs).await?;
    LiveReport::of(args.load, figures, idle).finish(args.common.json)
}

/// How many tabs never read: none at first, then the percentage, where that leaves readers and is not none again.
fn silent(tabs: u32, percent: u32) -> Vec<u32> {
    let silent = (u64::from(tabs) * u64::from(percent) / 100) as u32;
    if silent == 0 { vec![0] } else { vec![0, silent] }
}

#[cfg(test)]
mod tests {
    use super::silent;

    #[test]
    fn those_that_never_read_are_a_percentage_of_the_tabs() {
        assert_eq!(silent(1_000, 1), [0, 10]);
        assert_eq!(silent(1_000, 0), [0]);
        assert_eq!(silent(20, 1), [0]);
        assert_eq!(silent(20_000, 99), [0, 19_800]);
    }
}
