//! The jobs that one job comes after, once it is known where they are.

use taskyard_shared::job::JobId;

use super::wrong::quoted;
use crate::kinds::results::Source;
use crate::store::AfterInsert;

/// In the order in which a store has them: by number, and by place where there is no number yet.
#[derive(Debug)]
pub(super) struct Afters {
    sorted: Vec<AfterInsert>,
    /// As they were named, each as often as it was.
    named: Vec<AfterInsert>,
    order: Numbers,
}

/// Whether the jobs of a call get their numbers in the order of their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    InOrder,
    /// Not all: one of them may turn out to be an earlier job, which has its unique key.
    Unknown,
}

impl Afters {
    pub fn new(named: Vec<AfterInsert>, order: Numbers) -> Self {
        let mut sorted = named.clone();
        sorted.sort_unstable_by_key(rank);
        sorted.dedup();
        Afters { sorted, named, order }
    }

    /// How many jobs they are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    pub fn into_sorted(self) -> Vec<AfterInsert> {
        self.sorted
    }

    /// Says where a result, or an artifact, comes from, in words that hold once the job is stored. `place_of` knows the jobs of the
    /// same call.
    ///
    /// # Errors
    /// It is none of these.
    pub fn resolve(
        &self,
        source: Source,
        place_of: impl Fn(&str) -> Option<AfterInsert>,
    ) -> Result<Source, String> {
        let (wanted, called) = match source {
            Source::Job(id) => (Some(AfterInsert::Stored(id)), format!("job {id}")),
            Source::Ref(name) => (place_of(&name), quoted(&name)),
            Source::After(place) => (self.named.get(place).copied(), format!("entry {place} of \"after\"")),
        };
        let found = wanted.and_then(|wanted| {
            let place = self.sorted.binary_search_by_key(&rank(&wanted), rank).ok()?;
            Some((wanted, place))
        });
        match found {
            Some((AfterInsert::Stored(id), _)) => Ok(Source::Job(id)),
            Some((AfterInsert::Inserted(_), place))
                if self.sorted.len() == 1 || self.order == Numbers::InOrder =>
            {
                Ok(Source::After(place))
            }
            Some(_) => Err(format!(
                "what {called} makes cannot be had: a job that this one comes after is unique and may turn out to \
                 be an earlier one, so this job must come after a single job"
            )),
            None => Err(format!(
                "what {called} makes cannot be had: the job must come after the one that it is taken from"
            )),
        }
    }
}

fn rank(after: &AfterInsert) -> (bool, u64) {
    match *after {
        AfterInsert::Stored(JobId(id)) => (false, id),
        AfterInsert::Inserted(place) => (true, place as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::AfterInsert::{Inserted, Stored};
    use super::*;

    #[test]
    fn they_are_sorted_and_named_once() {
        let named = [Inserted(3), Stored(JobId(9)), Inserted(3), Stored(JobId(2)), Inserted(0)];
        let sorted = Afters::new(named.to_vec(), Numbers::InOrder).into_sorted();
        assert_eq!(sorted, [Stored(JobId(2)), Stored(JobId(9)), Inserted(0), Inserted(3)]);
    }

    #[test]
    fn a_source_is_found_whichever_way_it_was_named() {
        let after = Afters::new(vec![Inserted(3), Stored(JobId(9)), Inserted(0)], Numbers::InOrder);
        let place_of = |name: &str| (name == "x").then_some(Inserted(3));
        let resolve = |source| after.resolve(source, place_of);
        assert_eq!(resolve(Source::Ref("x".to_owned())), Ok(Source::After(2)));
        assert_eq!(resolve(Source::After(0)), Ok(Source::After(2)));
        assert_eq!(resolve(Source::After(1)), Ok(Source::Job(JobId(9))));
        assert_eq!(resolve(Source::After(2)), Ok(Source::After(1)));
        assert_eq!(resolve(Source::Job(JobId(9))), Ok(Source::Job(JobId(9))));
        for missing in [Source::Job(JobId(1)), Source::Ref("y".to_owned()), Source::After(3)] {
            assert!(resolve(missing).is_err_and(|says| says.contains("must come after")));
        }
    }

    #[test]
    fn a_place_is_not_relied_on_where_an_earlier_job_may_take_it() {
        let several = Afters::new(vec![Inserted(0), Stored(JobId(9))], Numbers::Unknown);
        let says = several.resolve(Source::After(0), |_| None);
        assert!(says.is_err_and(|says| says.contains("must come after a single job")));
        assert_eq!(several.resolve(Source::After(1), |_| None), Ok(Source::Job(JobId(9))));
        let single = Afters::new(vec![Inserted(0)], Numbers::Unknown);
        assert_eq!(single.resolve(Source::After(0), |_| None), Ok(Source::After(0)));
    }
}
