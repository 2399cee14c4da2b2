-- Taskyard's data, schema 4: the ends of jobs in their order, those included whose result is still needed.

-- What `job_by_end` leaves out.
CREATE INDEX job_wanted_by_end ON job (queue_id, state, finished_at_ms)
    WHERE finished_at_ms IS NOT NULL AND result_wanted > 0;
