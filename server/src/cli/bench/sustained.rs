//! `taskyard bench sustained`: jobs added at a steady rate.

use super::args::SustainedArgs;
use super::live::measure;
use super::report::LiveReport;
use super::run::DataFolder;
use super::tabs::TabsPlan;
use crate::cli::error::{CliError, Exit};

pub async fn run(args: SustainedArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut figures = Vec::new();
    for tabs in args.tabs {
        let case = folder.case(&format!("sustained-{tabs}-tabs"))?;
        figures.push(measure(case.path(), args.load, TabsPlan { count: tabs, views: 1, silent: 0 }).await?);
    }
    LiveReport::of(args.load, figures, None).finish(args.common.json)
}
