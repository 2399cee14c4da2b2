//! Which rows are shown, and that none moves under the pointer.

use super::super::jobs_view::tests::view;
use super::*;

fn ids(display: &Display) -> Vec<u64> {
    display.slots.iter().map(|slot| slot.job.id.0).collect()
}

fn held(ids: impl IntoIterator<Item = u64>, total: u64, more: bool) -> Display {
    let mut display = Display::default();
    display.release(&view(ids, 0, total, more));
    display
}

#[test]
fn free_list_follows_its_view() {
    let mut display = held([2, 1], 2, false);
    display.update(&view([3, 2, 1], 0, 3, false), Hold::Free);
    assert_eq!(ids(&display), [3, 2, 1]);
    assert_eq!((display.rows, display.newer), (3, 0));
}

#[test]
fn held_rows_keep_their_index_while_newer_ones_are_counted() {
    let mut display = held([2, 1], 2, false);
    display.update(&view([4, 3, 2, 1], 0, 4, false), Hold::Still);
    assert_eq!(ids(&display), [2, 1]);
    assert_eq!((display.newer, display.rows), (2, 2));
    display.release(&view([4, 3, 2, 1], 0, 4, false));
    assert_eq!((ids(&display), display.newer), (vec![4, 3, 2, 1], 0));
}

#[test]
fn row_that_leaves_a_held_list_leaves_a_gap() {
    let mut display = held([3, 2, 1], 3, false);
    display.update(&view([3, 1], 0, 2, false), Hold::Still);
    assert_eq!(ids(&display), [3, 2, 1]);
    assert!(display.slots[1].gone);
    display.update(&view([], 0, 0, false), Hold::Still);
    assert!(display.slots.is_empty(), "nothing is left to keep still");
}

#[test]
fn rows_pushed_out_of_a_held_window_are_dropped_rather_than_shown_stale() {
    let mut display = held(11..=20, 20, true);
    assert_eq!(ids(&display), (11..=20).rev().collect::<Vec<_>>());
    display.update(&view(14..=23, 0, 23, true), Hold::Still);
    assert_eq!(ids(&display), (14..=20).rev().collect::<Vec<_>>());
    assert_eq!((display.newer, display.rows), (3, 20));
}

#[test]
fn next_window_is_laid_where_its_known_rows_were() {
    let mut display = held(801..=1_000, 1_000, true);
    display.update(&view(806..=1_005, 0, 1_005, true), Hold::Still);
    // Rows 100 to 299 as they are now: 5 newer ones stand above.
    display.replace(&view(706..=905, 100, 1_005, true), Hold::Still);
    assert_eq!((display.base, display.newer, display.rows), (95, 5, 1_000));
    // Far away, without a row in common.
    display.replace(&view(106..=305, 700, 1_005, true), Hold::Still);
    assert_eq!((display.base, display.at(695).map(|slot| slot.job.id)), (695, Some(JobId(305))));
}

#[test]
fn window_is_asked_for_before_its_edge_is_reached() {
    let display = held(801..=1_000, 1_000, true);
    assert_eq!(display.wanted(0, 20, WindowStart::Top), None);
    assert_eq!(display.wanted(110, 20, WindowStart::Top), None);
    assert_eq!(display.wanted(160, 20, WindowStart::Top), Some(WindowStart::Offset { rows: 70 }));
    assert_eq!(display.wanted(5_000, 20, WindowStart::Top), Some(WindowStart::Offset { rows: 4_910 }));
    let short = held(1..=10, 10, false);
    assert_eq!(short.wanted(5, 20, WindowStart::Top), None);
}

#[test]
fn way_back_to_the_top_ends_in_the_top_window() {
    let mut display = held(801..=1_000, 1_000, true);
    display.replace(&view(401..=600, 400, 1_000, true), Hold::Still);
    assert_eq!(display.wanted(480, 20, WindowStart::Offset { rows: 400 }), None);
    assert_eq!(display.wanted(0, 20, WindowStart::Offset { rows: 400 }), Some(WindowStart::Top));
    display.replace(&view(801..=1_000, 0, 1_000, true), Hold::Still);
    assert_eq!((display.base, display.rows), (0, 1_000));
}
