//! What every store must do. A store's tests call [`suite!`] with a way to open a fresh store; each behaviour
//! becomes a test of its own.

pub mod batches;
pub mod clearing;
pub mod counts;
pub mod dependencies;
pub mod files;
pub mod idempotency;
pub mod jobs;
pub mod limits;
pub mod lists;
pub mod logs;
pub mod losses;
pub mod operations;
pub mod priorities;
pub mod queues;
pub mod random;
pub mod rates;
pub mod retention;
pub mod schedule_times;
pub mod schedules;
pub mod turns;
pub mod unique;
pub mod waiting_facts;
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
                a_job_that_took_an_earlier_result_names_the_job_that_made_it,
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
            priorities:
                a_claim_takes_the_highest_priority_and_of_that_the_lowest_id,
                the_oldest_of_a_claim_go_first_whatever_their_priority,
                another_priority_counts_from_the_next_claim,
                a_priority_can_be_set_until_the_job_begins,
                setting_the_same_priority_is_no_change,
                a_retried_job_keeps_its_priority;
            schedule_times:
                a_job_with_a_run_time_to_come_is_scheduled_until_then,
                a_run_time_that_has_passed_holds_nothing_up,
                promotion_takes_the_earliest_first_up_to_its_limit,
                what_is_due_next_is_loaded,
                a_failed_job_that_is_tried_again_is_scheduled_for_then,
                a_long_error_is_kept_whole_while_the_job_is_to_be_tried_again,
                a_job_that_puts_itself_off_has_not_failed,
                a_scheduled_job_can_be_had_now,
                a_scheduled_job_can_be_cancelled,
                a_retry_by_a_person_forgives_failures,
                a_job_that_was_not_started_in_time_is_cancelled_by_the_claim,
                expiry_replaces_the_error_of_an_attempt_before;
            dependencies:
                a_job_waits_until_all_that_it_comes_after_have_completed,
                the_end_of_a_job_that_nobody_waits_for_is_nobodys_business,
                a_job_may_come_after_one_that_has_ended_already,
                a_chain_of_one_insert_runs_in_its_order,
                a_failure_blocks_lets_go_or_cancels_as_the_rule_says,
                a_cancelled_job_has_not_completed_either,
                a_job_that_is_tried_again_has_not_ended,
                blocked_jobs_go_on_when_the_other_completes_after_a_retry,
                a_cancellation_goes_down_the_chain,
                a_deleted_job_cancels_those_that_wait_unless_they_go_on_regardless,
                a_job_that_completed_may_be_deleted_before_anybody_is_told,
                clearing_has_those_told_that_still_wait,
                a_retried_job_waits_again_for_what_has_not_ended_well,
                a_cancelled_job_takes_note_of_ends_for_its_retry,
                jobs_are_told_a_few_at_a_time,
                a_job_with_a_run_time_is_scheduled_when_it_stops_waiting,
                a_claim_hands_out_results_where_the_arguments_take_them_up,
                what_comes_after_nothing_is_refused,
                a_job_may_come_after_one_that_had_its_key_already,
                a_replaced_job_waits_for_what_it_waited_for,
                a_job_shows_what_it_comes_after_and_what_comes_after_it,
                only_the_first_hundred_that_come_after_a_job_are_shown,
                a_job_lost_for_good_has_those_told_that_wait,
                an_expired_job_has_those_told_that_wait;
            limits:
                a_limit_of_a_whole_queue_ends_the_claim,
                a_limit_holds_back_what_it_does_not_admit_and_lets_others_pass,
                jobs_without_the_argument_of_a_limit_share_one_key,
                a_limit_applies_to_its_queue_and_kind_alone,
                every_limit_must_admit_a_job_and_the_first_that_does_not_holds_it,
                every_end_of_an_attempt_releases_one_job_that_was_held_back,
                the_highest_priority_is_released_first,
                ends_of_one_commit_release_one_job_each,
                a_cancelled_job_keeps_its_place_until_its_work_has_ended,
                whose_work_still_counts_is_loaded,
                a_deleted_job_keeps_its_place_until_its_work_has_ended,
                work_that_has_ended_late_leaves_the_attempt_that_runs_now,
                cancelling_what_is_held_back_takes_it_off_the_meter,
                another_priority_changes_the_order_of_release,
                a_changed_limit_is_looked_at_anew_by_the_next_promotion,
                a_changed_limit_is_looked_at_anew_a_few_keys_at_a_time,
                a_promotion_releases_no_more_than_its_limit,
                a_removed_limit_lets_go_of_all,
                a_released_job_that_does_not_start_makes_room_a_second_later,
                a_job_of_an_unknown_kind_waits_for_a_server_that_knows_it,
                after_a_restart_nothing_counts_as_running,
                what_runs_is_loaded_with_whether_it_is_limited,
                a_claim_ends_after_so_many_looks_in_vain,
                limits_are_told_when_they_change;
            turns:
                a_newcomer_does_not_pass_what_a_rate_holds_back,
                a_newcomer_of_a_higher_priority_may_pass,
                one_of_eight_starts_of_a_key_goes_by_age,
                a_newcomer_waits_while_it_is_the_turn_of_the_oldest,
                a_paused_queue_lets_another_one_have_the_place,
                a_queue_without_a_free_slot_lets_another_one_have_the_place,
                a_promotion_begins_with_queues_that_can_start_jobs,
                a_newcomer_lets_a_job_of_another_queue_go_first_that_can_start,
                a_job_whose_turn_it_is_may_be_held_back_by_another_limit;
            rates:
                a_rate_holds_back_until_the_next_start_is_due,
                a_rate_starts_as_many_as_it_says_and_evenly,
                a_burst_may_start_at_once,
                a_rate_and_a_concurrency_hold_together,
                a_rate_of_a_whole_queue_says_when_the_claim_may_go_on,
                a_restart_does_not_start_the_rate_anew,
                a_raised_rate_counts_from_the_next_promotion;
            unique:
                a_unique_job_is_refused_while_another_one_has_its_key,
                a_conflict_may_be_answered_with_the_job_that_is_there,
                a_conflict_may_give_the_job_that_is_there_new_content,
                a_replaced_job_may_move_between_scheduled_and_pending,
                a_job_that_has_begun_is_not_replaced,
                a_replaced_job_that_was_held_back_is_looked_at_anew,
                a_key_may_be_taken_for_a_time_only,
                two_jobs_of_one_insert_do_not_share_a_key,
                a_key_goes_with_its_job,
                one_refusal_refuses_all_unless_each_is_for_itself;
            idempotency:
                a_repeated_request_is_answered_as_the_first_was,
                the_answer_names_every_job_of_the_call_and_can_be_read,
                a_key_is_for_one_request_alone,
                an_answer_outlives_its_jobs_and_is_kept_for_a_day,
                a_request_of_which_nothing_came_may_be_made_again,
                old_answers_are_forgotten_a_few_at_a_time;
            batches:
                a_batch_has_the_number_of_its_first_job_and_counts_them_all,
                the_counts_of_a_batch_follow_its_jobs,
                only_new_jobs_are_of_the_batch,
                a_list_may_show_one_batch,
                a_batch_without_jobs_is_forgotten_in_time;
            operations:
                an_operation_waits_before_it_begins,
                an_operation_can_be_undone_until_it_begins,
                cancelling_all_cancels_what_has_not_ended,
                retrying_all_retries_what_failed_or_was_cancelled,
                deleting_all_deletes_what_has_ended,
                reprioritising_all_concerns_what_has_not_begun,
                an_operation_concerns_what_matches_when_it_is_looked_at,
                an_operation_goes_on_step_by_step,
                an_operation_keeps_counts_of_limits_right,
                an_operation_has_those_told_that_wait,
                the_newest_fifty_operations_that_have_ended_are_kept;
            schedules:
                a_schedule_is_stored_in_place_of_the_one_of_its_name,
                a_run_adds_its_job_and_moves_the_schedule_on,
                a_run_is_left_out_while_the_job_before_has_not_ended,
                runs_of_one_batch_see_the_jobs_of_each_other,
                a_run_that_was_asked_for_moves_nothing,
                a_run_does_not_end_a_pause,
                a_run_that_adds_nothing_is_left_out_and_moves_the_schedule_on,
                a_schedule_that_is_gone_does_not_run,
                a_run_may_add_a_job_for_later,
                the_files_of_its_job_are_referred_to_while_it_exists;
            logs:
                lines_are_kept_with_all_they_say,
                the_newest_lines_are_shown_oldest_first,
                lines_of_jobs_that_do_not_exist_are_dropped,
                a_number_has_one_line,
                late_lines_are_kept_in_their_place,
                a_log_goes_with_its_job;
            retention:
                clearing_can_be_limited_to_one_state,
                a_result_is_kept_while_a_job_that_takes_it_up_has_not_ended,
                a_wanted_result_can_be_deleted_by_a_person,
                clearing_goes_state_by_state_and_there_by_the_time_of_the_end,
                a_single_finished_job_can_be_deleted,
                a_job_that_has_not_ended_cannot_be_deleted,
                a_retried_job_is_safe_from_clearing,
                ended_jobs_come_in_the_order_of_their_ends;
            waiting_facts:
                nobody_knows_of_a_job_that_does_not_exist,
                jobs_with_a_higher_priority_and_older_ones_are_ahead,
                jobs_that_a_limit_holds_back_are_not_ahead,
                what_is_ahead_is_counted_up_to_a_bound,
                what_a_job_waits_for_is_named_blocked_ones_first,
                every_limit_that_applies_is_named_with_its_key_and_use;
        }
    };
}
pub(crate) use suite;
