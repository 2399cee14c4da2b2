//! Which of the jobs of one call come after which.

use std::collections::HashMap;

use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_KEY_BYTES;
use taskyard_shared::new_job::{After, NewJob};

use super::draft::unknown_name;
use super::wrong::{quoted, setting};

/// Most jobs of a circle that are named.
const MAX_NAMED: usize = 10;

/// See the module. Jobs are meant by their index in the call.
pub(super) struct Links {
    index_of: HashMap<String, usize>,
    names: Vec<String>,
    jobs: Vec<Linked>,
}

/// What one job says of others.
#[derive(Default)]
pub(super) struct Linked {
    /// In the order in which they were named; the one before it in a chain last.
    pub after: Vec<Link>,
    pub wrong: Vec<FieldError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Stored(JobId),
    Job(usize),
}

impl Links {
    /// `last`: the job that comes after all others, whatever it says.
    pub fn new(jobs: &[NewJob], chain: bool, last: Option<usize>) -> Self {
        let names = jobs.iter().zip(1..).map(|(job, number)| called(job, number)).collect();
        let mut links = Links { index_of: HashMap::new(), names, jobs: Vec::with_capacity(jobs.len()) };
        for (index, job) in jobs.iter().enumerate() {
            let wrong = job.name.as_ref().and_then(|name| links.name(name, index));
            links.jobs.push(Linked { after: Vec::new(), wrong: wrong.into_iter().collect() });
        }
        for (index, job) in jobs.iter().enumerate() {
            links.follow(index, &job.after);
            match index.checked_sub(1) {
                _ if last == Some(index) => links.jobs[index].after.extend((0..index).map(Link::Job)),
                Some(previous) if chain => links.jobs[index].after.push(Link::Job(previous)),
                _ => {}
            }
        }
        links
    }

    fn name(&mut self, name: &str, index: usize) -> Option<FieldError> {
        if !(1..=MAX_KEY_BYTES).contains(&name.len()) {
            return Some(setting("ref", format!("must have 1 to {MAX_KEY_BYTES} bytes")));
        }
        match self.index_of.insert(name.to_owned(), index) {
            Some(earlier) => {
                self.index_of.insert(name.to_owned(), earlier);
                Some(setting(
                    "ref",
                    format!("is {}, as that of job {} of this call", quoted(name), earlier + 1),
                ))
            }
            None => None,
        }
    }

    fn follow(&mut self, index: usize, after: &[After]) {
        let linked = &mut self.jobs[index];
        for after in after {
            match after {
                After::Job(id) => linked.after.push(Link::Stored(*id)),
                After::Ref(name) => match self.index_of.get(name) {
                    Some(&other) => linked.after.push(Link::Job(other)),
                    None => linked.wrong.push(unknown_name(name)),
                },
            }
        }
    }

    pub fn take(&mut self, index: usize) -> Linked {
        std::mem::take(&mut self.jobs[index])
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.index_of.get(name).copied()
    }

    /// For each job those of the call that it comes after.
    pub fn before(&self) -> Vec<Vec<usize>> {
        let within = |linked: &Linked| {
            let jobs = linked.after.iter().filter_map(|link| match link {
                Link::Stored(_) => None,
                Link::Job(index) => Some(*index),
            });
            jobs.collect()
        };
        self.jobs.iter().map(within).collect()
    }

    /// What a person calls the job.
    pub fn name_of(&self, index: usize) -> &str {
        &self.names[index]
    }

    /// `a → b → a`.
    pub fn circle_in_words(&self, circle: &[usize]) -> String {
        let mut names: Vec<&str> = circle.iter().take(MAX_NAMED).map(|&index| self.name_of(index)).collect();
        if circle.len() > MAX_NAMED {
            names.push("…");
        }
        names.extend(circle.first().map(|&index| self.name_of(index)));
        names.join(" → ")
    }
}

fn called(job: &NewJob, number: usize) -> String {
    match &job.name {
        Some(name) => quoted(name).trim_matches('"').to_owned(),
        None => format!("job {number}"),
    }
}
