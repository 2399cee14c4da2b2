//! What every store must do. A store's tests call [`suite!`] with a way to open a fresh store; each behaviour
//! becomes a test of its own.

pub mod clearing;
pub mod counts;
pub mod files;
pub mod jobs;
pub mod lists;
pub mod losses;
pub mod queues;
pub mod random;
pub mod yard;

pub use yard::TestYard;

/// Makes a test of each behaviour. `$open` gives a `TestYard` around a fresh store.
macro_rules! suite {
    ($open:expr; $($module:ident: $($behaviour:ident),+ $(,)?;)+) => {
        $(mod $module {
            $(#[test]
            fn $behaviour() {
                $crate::store::conformance::$module::$behaviour($open);
            })+
        })+
    };
    ($open:expr) => {
        $crate::store::conformance::suite! { $open;
            queues:
                a_queue_has_the_settings_that_it_was_given_last,
                a_missing_queue_is_created_with_a_concurrency_of_one,
                there_is_only_one_writer;
            jobs:
                ids_count_up_from_one,
                an_inserted_job_is_pending_and_has_the_time_of_its_commit,
                claims_take_the_lowest_ids_of_their_queue_up_to_the_limit,
                a_claim_hands_out_arguments_and_inputs,
                a_completed_job_has_its_result_and_full_progress,
                a_failed_job_shows_the_start_of_its_error_and_keeps_all_of_it,
                a_released_job_waits_again_and_its_attempt_is_lost,
                a_report_about_an_attempt_that_is_over_changes_nothing,
                progress_is_kept_until_the_next_attempt,
                a_pending_job_can_be_cancelled,
                cancelling_a_running_job_ends_its_attempt,
                a_finished_job_cannot_be_cancelled,
                only_failed_and_cancelled_jobs_can_be_retried,
                a_retried_job_keeps_its_attempts_and_its_error_until_it_is_claimed,
                a_job_cancelled_while_it_waits_keeps_the_outcome_of_its_attempt,
                the_newest_hundred_attempts_are_kept,
                what_names_no_job_is_not_found,
                later_operations_see_what_earlier_ones_of_the_batch_did;
            counts:
                a_batch_that_fails_applies_nothing,
                only_what_changes_something_is_a_commit,
                counts_follow_every_transition;
            clearing:
                clearing_deletes_finished_jobs_and_all_that_belongs_to_them,
                clearing_takes_what_finished_first_up_to_its_limit,
                clearing_can_be_limited_to_one_queue,
                ids_are_not_used_again_after_clearing;
            files:
                files_are_referred_to_while_their_job_exists,
                an_artifact_replaces_one_of_the_same_name,
                a_stale_outcome_leaves_no_artifacts;
            losses:
                jobs_found_at_work_wait_again,
                a_job_that_was_lost_too_often_fails,
                a_released_attempt_is_not_a_loss,
                what_was_running_is_loaded_with_what_its_worker_needs;
            lists:
                a_list_begins_at_its_top_in_either_order,
                a_list_begins_after_a_job_whether_that_still_exists_or_not,
                a_list_begins_after_an_offset_of_rows_that_pass,
                every_filter_lets_pass_what_matches_and_nothing_else,
                pages_by_cursor_cover_every_row_once,
                a_filter_may_name_a_state_twice,
                a_text_with_a_number_finds_that_job_alone,
                a_search_stops_at_its_budget_and_goes_on_from_there,
                rows_are_as_of_the_latest_commit,
                a_page_is_of_one_commit_while_others_are_made;
        }
    };
}
pub(crate) use suite;
