//! Several jobs of one call, which may come after each other.

use std::sync::Arc;

use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::{MAX_BATCH_NAME_CHARS, MAX_JOBS_PER_ADD, MAX_WAITS_PER_ADD};
use taskyard_shared::new_job::{AddMode, NewJob, NewJobs, OnConflict, OnFailure};

use super::after::{Afters, Numbers};
use super::draft::off_thread;
use super::links::{Link, Linked, Links};
use super::order::{Order, order};
use super::prepared::Prepared;
use super::wrong::{invalid, setting};
use crate::files::FileStore;
use crate::kinds::registry::KindRegistry;
use crate::store::{AddTerms, AfterInsert, JobInsert, Seat, Seats};

impl KindRegistry {
    /// Checks the jobs of one call completely, each as [`KindRegistry::prepare`] does, on a thread that may block.
    ///
    /// What is wrong with single jobs is in [`Prepared::seats`]. In the mode [`AddMode::AllOrNothing`] nothing is to be
    /// stored then; in the mode [`AddMode::Each`] the others go on, but for those that come after a refused one. (The
    /// job `then` comes after those that are not refused.)
    ///
    /// # Errors
    /// The call as a whole is wrong: too many jobs or none, too many waits, or a bad name for the batch.
    pub async fn prepare_all(
        &self,
        jobs: NewJobs,
        files: &Arc<FileStore>,
        now_ms: i64,
    ) -> Result<Prepared, WireError> {
        check_call(&jobs)?;
        let (kinds, files) = (self.clone(), Arc::clone(files));
        off_thread(move || Ok(Call::new(&kinds, &files, now_ms, jobs).prepare())).await
    }
}

fn check_call(jobs: &NewJobs) -> Result<(), WireError> {
    if jobs.jobs.len() > MAX_JOBS_PER_ADD {
        let message =
            format!("there are {} jobs; at most {MAX_JOBS_PER_ADD} can be added at once", jobs.jobs.len());
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    let in_chain = if jobs.chain { jobs.jobs.len().saturating_sub(1) } else { 0 };
    let waits = in_chain + jobs.jobs.iter().map(|job| job.after.len()).sum::<usize>();
    if waits > MAX_WAITS_PER_ADD {
        let message = format!(
            "the jobs wait for {waits} others, counted together; those of one call may wait for {MAX_WAITS_PER_ADD}. Let \
             one job wait for many, and the others for that one"
        );
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    let mut wrong = Vec::new();
    if jobs.jobs.is_empty() {
        wrong.push(setting("jobs", "must not be empty"));
    }
    if jobs
        .batch
        .as_ref()
        .is_some_and(|name| !(1..=MAX_BATCH_NAME_CHARS).contains(&name.trim().chars().count()))
    {
        wrong.push(setting("batch", format!("must have 1 to {MAX_BATCH_NAME_CHARS} characters")));
    }
    if wrong.is_empty() { Ok(()) } else { Err(invalid(wrong)) }
}

struct Call<'a> {
    kinds: &'a KindRegistry,
    files: &'a FileStore,
    now_ms: i64,
    terms: AddTerms,
    /// Taken out when it is their turn.
    jobs: Vec<Option<NewJob>>,
    links: Links,
    /// The job `then`.
    last: Option<usize>,
    /// Where each job comes to stand; all of them where that is all or nothing, so that what is wrong behind a job that
    /// is refused is found too.
    places: Vec<Option<usize>>,
    /// Jobs that may turn out to be earlier ones.
    may_be_another: Vec<bool>,
    next_place: usize,
    inserts: Vec<JobInsert>,
    refused: Vec<Option<WireError>>,
}

impl<'a> Call<'a> {
    fn new(kinds: &'a KindRegistry, files: &'a FileStore, now_ms: i64, call: NewJobs) -> Self {
        let NewJobs { mut jobs, mode, batch, then, chain } = call;
        let last = then.map(|then| {
            jobs.push(in_any_case(*then));
            jobs.len() - 1
        });
        let count = jobs.len();
        let may_be_another = jobs.iter().map(may_be_another).collect();
        Call {
            kinds,
            files,
            now_ms,
            terms: AddTerms { mode, batch: batch.map(|name| name.trim().to_owned()), ..AddTerms::default() },
            links: Links::new(&jobs, chain, last),
            jobs: jobs.into_iter().map(Some).collect(),
            last,
            places: vec![None; count],
            may_be_another,
            next_place: 0,
            inserts: Vec::with_capacity(count),
            refused: vec![None; count],
        }
    }

    fn prepare(mut self) -> Prepared {
        let Order { sorted, circles, behind } = order(&self.links.before());
        for index in sorted {
            self.take(index);
        }
        for circle in circles {
            let message = format!("jobs wait for each other: {}", self.links.circle_in_words(&circle));
            for index in circle {
                self.refuse(index, invalid(vec![setting("after", format!("makes {message}"))]));
            }
        }
        for (index, _) in behind {
            self.take(index);
        }
        self.finish()
    }

    fn take(&mut self, index: usize) {
        match self.one(index) {
            Ok(insert) => {
                self.places[index] = Some(self.next_place);
                self.next_place += 1;
                self.inserts.push(insert);
            }
            Err(error) => self.refuse(index, error),
        }
    }

    fn refuse(&mut self, index: usize, error: WireError) {
        self.refused[index] = Some(error);
        if self.terms.mode == AddMode::AllOrNothing {
            self.places[index] = Some(self.next_place);
            self.next_place += 1;
        }
    }

    fn one(&mut self, index: usize) -> Result<JobInsert, WireError> {
        let Linked { after, wrong } = self.links.take(index);
        let after = self.afters(index, &after)?;
        let job = self.jobs[index].take().expect("the order has every job once");
        let place_of = |name: &str| self.places[self.links.index_of(name)?].map(AfterInsert::Inserted);
        let insert = self.kinds.draft(job, after, place_of, self.now_ms, wrong)?.with_files(self.files)?;
        Ok(JobInsert { number: index + 1, ..insert })
    }

    fn afters(&self, index: usize, after: &[Link]) -> Result<Afters, WireError> {
        let mut named = Vec::with_capacity(after.len());
        let mut order = Numbers::InOrder;
        for link in after {
            match *link {
                Link::Stored(id) => named.push(AfterInsert::Stored(id)),
                Link::Job(other) => match self.places[other] {
                    Some(place) => {
                        named.push(AfterInsert::Inserted(place));
                        if self.may_be_another[other] {
                            order = Numbers::Unknown;
                        }
                    }
                    None if self.last == Some(index) => {}
                    None => {
                        let says = format!("names {}, which was refused", self.links.name_of(other));
                        return Err(invalid(vec![setting("after", says)]));
                    }
                },
            }
        }
        Ok(Afters::new(named, order))
    }

    fn finish(self) -> Prepared {
        let nothing = self.terms.mode == AddMode::AllOrNothing && self.refused.iter().any(Option::is_some);
        let seat = |(refused, place)| match (refused, place) {
            (Some(error), _) => Seat::Refused(error),
            (None, Some(place)) if !nothing => Seat::At(place),
            (None, _) => Seat::NotAdded,
        };
        let seats = self.refused.into_iter().zip(self.places).map(seat).collect();
        let jobs = if nothing { Vec::new() } else { self.inserts };
        Prepared { jobs, terms: self.terms, seats: Seats(seats) }
    }
}

/// The job `then` runs however the others have ended, unless it says that it is to be cancelled.
fn in_any_case(then: NewJob) -> NewJob {
    match then.on_failure {
        OnFailure::Stop => NewJob { on_failure: OnFailure::Continue, ..then },
        OnFailure::Continue | OnFailure::Cancel => then,
    }
}

fn may_be_another(job: &NewJob) -> bool {
    job.unique.as_ref().is_some_and(|unique| unique.on_conflict != OnConflict::Reject)
}
