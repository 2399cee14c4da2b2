//! An order in which every job comes after those that it waits for; and the circles, which have none.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// See the module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// Each after all that it waits for; otherwise as they were given.
    pub sorted: Vec<usize>,
    /// Jobs that wait for each other: each for the next one, the last for the first.
    pub circles: Vec<Vec<usize>>,
    /// Jobs that wait for one of a circle, whether directly or not. Each is behind the one that is named with it,
    /// which stands before it here, or in a circle.
    pub behind: Vec<(usize, usize)>,
}

/// `before[n]` are those that job n waits for. Takes time in proportion to the jobs and their waits.
pub(super) fn order(before: &[Vec<usize>]) -> Order {
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (job, waits_for) in before.iter().enumerate() {
        for &other in waits_for {
            behind[other].push(job);
        }
    }
    let mut open: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<_> = (0..before.len()).filter(|&job| open[job] == 0).map(Reverse).collect();
    let mut sorted = Vec::with_capacity(before.len());
    while let Some(Reverse(job)) = ready.pop() {
        sorted.push(job);
        for &next in &behind[job] {
            open[next] -= 1;
            if open[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    let waits_on: Vec<Option<usize>> = before
        .iter()
        .enumerate()
        .map(
            |(job, waits_for)| {
                if open[job] == 0 { None } else { waits_for.iter().copied().find(|&other| open[other] > 0) }
            },
        )
        .collect();
    let circles = circles(&waits_on);
    let behind = hanging(&waits_on, &circles);
    Order { sorted, circles, behind }
}

/// Every job that is left waits on one that is left too, so whoever follows that comes into a circle.
fn circles(waits_on: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut circles = Vec::new();
    // The walk that came to each job first.
    let mut seen: Vec<Option<usize>> = vec![None; waits_on.len()];
    for walk in 0..waits_on.len() {
        let mut job = walk;
        let mut path = Vec::new();
        while let (None, Some(next)) = (seen[job], waits_on[job]) {
            seen[job] = Some(walk);
            path.push(job);
            job = next;
        }
        if seen[job] == Some(walk)
            && let Some(start) = path.iter().position(|&passed| passed == job)
        {
            circles.push(path.split_off(start));
        }
    }
    circles
}

fn hanging(waits_on: &[Option<usize>], circles: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut placed: HashSet<usize> = circles.iter().flatten().copied().collect();
    let mut hanging = Vec::new();
    for start in 0..waits_on.len() {
        let mut path = Vec::new();
        let mut job = start;
        while let Some(next) = waits_on[job]
            && placed.insert(job)
        {
            path.push((job, next));
            job = next;
        }
        hanging.extend(path.into_iter().rev());
    }
    hanging
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn jobs_that_wait_for_nothing_stay_as_they_were_given() {
        assert_eq!(order(&vec![Vec::new(); 4]).sorted, [0, 1, 2, 3]);
        assert_eq!(order(&[vec![2], vec![], vec![3], vec![]]).sorted, [1, 3, 2, 0]);
        assert_eq!(order(&[]), Order::default());
    }

    #[test]
    fn circles_are_found_with_what_hangs_on_them() {
        let found = order(&[vec![], vec![2], vec![3, 0], vec![1], vec![3], vec![4, 0], vec![6]]);
        assert_eq!(found.sorted, [0]);
        assert_eq!(found.circles, [vec![1, 2, 3], vec![6]]);
        assert_eq!(found.behind, [(4, 3), (5, 4)]);
    }

    fn any_waits() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1_usize..30).prop_flat_map(|jobs| prop::collection::vec(prop::collection::vec(0..jobs, 0..4), jobs))
    }

    proptest! {
        #[test]
        fn every_job_has_one_place_behind_those_it_waits_for(before in any_waits()) {
            let Order { sorted, circles, behind } = order(&before);
            let mut all: Vec<usize> = sorted.clone();
            all.extend(circles.iter().flatten());
            all.extend(behind.iter().map(|(job, _)| job));
            all.sort_unstable();
            prop_assert_eq!(all, (0..before.len()).collect::<Vec<_>>());
            let mut seen = HashSet::new();
            for job in sorted {
                prop_assert!(before[job].iter().all(|other| seen.contains(other)));
                seen.insert(job);
            }
            for circle in &circles {
                for (at, job) in circle.iter().enumerate() {
                    prop_assert!(before[*job].contains(&circle[(at + 1) % circle.len()]));
                }
            }
            let mut lost: HashSet<usize> = circles.into_iter().flatten().collect();
            for (job, on) in behind {
                prop_assert!(before[job].contains(&on) && lost.contains(&on));
                lost.insert(job);
            }
        }
    }
}
