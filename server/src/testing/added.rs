//! What was added, with its arguments typed.

use taskyard_shared::job::JobDetail;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::TestYard;
use crate::kinds::Worker;

/// A job that was added, and has not been deleted since.
#[derive(Clone, Debug)]
pub struct Added<A> {
    pub args: A,
    /// Everything else that is known of it, as it is now.
    pub job: JobDetail,
}

/// Rows of one look at the list.
const PAGE_ROWS: u32 = 500;

impl TestYard {
    /// Every job of the kind, in the order in which they were added.
    ///
    /// # Panics
    /// The yard cannot be read, or the arguments are not of this type.
    pub async fn added<W: Worker>(&self) -> Vec<Added<W::Args>> {
        let mut added = Vec::new();
        let mut start = WindowStart::Top;
        loop {
            let filter = JobFilter { kind: Some(W::KIND.to_owned()), ..JobFilter::default() };
            let query = JobsQuery { filter, sort: SortOrder::Oldest, limit: PAGE_ROWS, start };
            let page = self.list(query).await.expect("the yard can be read");
            for row in &page.rows {
                let job = self.job(row.id).await.expect("the job is stored");
                let args = serde_json::from_value(job.args.clone())
                    .unwrap_or_else(|error| panic!("job {} has other arguments: {error}", row.id));
                added.push(Added { args, job });
            }
            match page.scanned_to.or(page.rows.last().map(|row| row.id)).filter(|_| page.more) {
                Some(last) => start = WindowStart::After { id: last },
                None => return added,
            }
        }
    }

    /// The first job of the kind with such arguments.
    ///
    /// # Panics
    /// There is none; the message lists what there is.
    pub async fn assert_added<W: Worker>(&self, is_it: impl Fn(&W::Args) -> bool) -> Added<W::Args> {
        let mut added = self.added::<W>().await;
        match added.iter().position(|added| is_it(&added.args)) {
            Some(place) => added.swap_remove(place),
            None => panic!("no such job of kind \"{}\" was added; there are {}", W::KIND, listed(&added)),
        }
    }

    /// # Panics
    /// A job of the kind with such arguments was added.
    pub async fn assert_not_added<W: Worker>(&self, is_it: impl Fn(&W::Args) -> bool) {
        let mut added = self.added::<W>().await;
        added.retain(|added| is_it(&added.args));
        assert!(added.is_empty(), "of kind \"{}\" were added {}", W::KIND, listed(&added));
    }
}

fn listed<A>(added: &[Added<A>]) -> String {
    if added.is_empty() {
        return "none".to_owned();
    }
    let each = added.iter().map(|added| format!("job {}: {}", added.job.job.id, added.job.args));
    each.collect::<Vec<_>>().join(", ")
}
