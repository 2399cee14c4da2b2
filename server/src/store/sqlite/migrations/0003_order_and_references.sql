-- Taskyard's data, schema 3: whose turn it is among the jobs that a limit holds back, what is still needed of jobs that
-- have ended, and whose result is whose.

-- How many jobs of its key started since the last one that was taken by age instead of by priority; 0 to 7.
ALTER TABLE meter ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;

-- The first jobs that a meter holds back, queue by queue.
DROP INDEX job_held;
CREATE INDEX job_held ON job (held_by, queue_id, priority DESC) WHERE held_by IS NOT NULL;

-- How many jobs that have not ended take up its result. Retention leaves it alone until then.
ALTER TABLE job ADD COLUMN result_wanted INTEGER NOT NULL DEFAULT 0;

UPDATE job SET result_wanted = (
    SELECT count(*) FROM dependency JOIN job AS taker ON taker.id = dependency.job_id
    WHERE dependency.on_job_id = job.id AND taker.flags & 8 AND taker.finished_at_ms IS NULL
) WHERE flags & 1;

-- Clearing takes what finished first, state by state, and nothing that is still needed.
DROP INDEX job_by_end;
CREATE INDEX job_by_end ON job (queue_id, state, finished_at_ms)
    WHERE finished_at_ms IS NOT NULL AND result_wanted = 0;

-- Files that the jobs of schedules will be given. The content lies in the files folder under its SHA-256.
CREATE TABLE schedule_file (
    schedule TEXT NOT NULL, -- → schedule.name
    sha256   TEXT NOT NULL, -- lower-case hexadecimal
    PRIMARY KEY (schedule, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_file_by_content ON schedule_file (sha256);

INSERT OR IGNORE INTO schedule_file (schedule, sha256)
SELECT name, input.value ->> '$.sha256' FROM schedule, json_each(schedule.job, '$.inputs') AS input;

-- Limits that were set anew or removed: what they hold back is looked at anew, a few meters at a time.
CREATE TABLE changed_limit (
    limit_id INTEGER PRIMARY KEY, -- → limit_rule.id, even after that is gone; or 0, as in `meter`
    change   INTEGER NOT NULL     -- which change of all of them: meters looked at before that are to be looked at
) STRICT;

ALTER TABLE yard ADD COLUMN limit_changes INTEGER NOT NULL DEFAULT 0;

-- The change as of which it was looked at, or began to hold jobs back.
ALTER TABLE meter ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;

DROP INDEX meter_holding;
CREATE INDEX meter_holding ON meter (limit_id, looked_at) WHERE held > 0;

-- The earlier job whose result it is: set where a job took that instead of doing its work. That job may be deleted.
ALTER TABLE job_output ADD COLUMN reused_job_id INTEGER;
