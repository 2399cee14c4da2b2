-- Taskyard's data, schema 2: priorities, retries, run times, dependencies, unique keys, batches, limits, schedules,
-- operations and logs.
--
-- A plain job needs none of the new tables: `job.flags` says which of them have rows for a job.
--
-- States are integers: 0 pending, 1 processing, 2 completed, 3 failed, 4 cancelled, 5 scheduled, 6 waiting, and
-- 7 pending as well, but held back by a limit (or because no worker knows its kind): `held_by` says by which.

ALTER TABLE yard ADD COLUMN last_operation_id INTEGER NOT NULL DEFAULT 0;

ALTER TABLE queue ADD COLUMN draining     INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1));
ALTER TABLE queue ADD COLUMN max_attempts INTEGER;           -- for jobs that do not say themselves
ALTER TABLE queue ADD COLUMN timeout_ms   INTEGER;           -- for jobs that do not say themselves
ALTER TABLE queue ADD COLUMN retention    TEXT;              -- JSON; null: the default
ALTER TABLE queue ADD COLUMN scheduled    INTEGER NOT NULL DEFAULT 0 CHECK (scheduled >= 0);
ALTER TABLE queue ADD COLUMN waiting      INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0);

ALTER TABLE job ADD COLUMN failures     INTEGER NOT NULL DEFAULT 0; -- since it was added or retried by a person
ALTER TABLE job ADD COLUMN max_attempts INTEGER NOT NULL DEFAULT 1; -- failed for good after so many failures
ALTER TABLE job ADD COLUMN priority     INTEGER NOT NULL DEFAULT 0; -- higher runs first
ALTER TABLE job ADD COLUMN batch_id     INTEGER;                    -- → batch.id
ALTER TABLE job ADD COLUMN run_at_ms    INTEGER;                    -- not before this, while scheduled or waiting
ALTER TABLE job ADD COLUMN held_by      INTEGER;                    -- → meter.id, in state 7 alone
-- 1: others wait for it, or did. 2: it waits for others, or did. 4: its latest attempt counts towards limits.
-- 8: its arguments take up results. 16: it has a unique key. 32: it has a log.
ALTER TABLE job ADD COLUMN flags        INTEGER NOT NULL DEFAULT 0;

ALTER TABLE job_args ADD COLUMN options TEXT; -- JSON: time-out, backoff and the like; null: the defaults

-- Claims take the highest priority, then the lowest id. Lists in the order of ids merge one run for each queue, state
-- and priority.
DROP INDEX job_by_state;
CREATE INDEX job_by_state ON job (queue_id, state, priority DESC);

-- Clearing takes what finished first, state by state.
DROP INDEX job_by_end;
CREATE INDEX job_by_end ON job (queue_id, state, finished_at_ms) WHERE finished_at_ms IS NOT NULL;

-- Scheduled jobs whose time has come.
CREATE INDEX job_due ON job (run_at_ms) WHERE state = 5;

-- The first jobs that a meter holds back.
CREATE INDEX job_held ON job (held_by, priority DESC) WHERE held_by IS NOT NULL;

CREATE INDEX job_by_batch ON job (batch_id, state) WHERE batch_id IS NOT NULL;

-- Jobs that were added together.
CREATE TABLE batch (
    id            INTEGER PRIMARY KEY, -- that of its first job
    name          TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    is_empty      INTEGER NOT NULL DEFAULT 0 -- 1: its jobs are gone, and it is forgotten soon
) STRICT;

CREATE INDEX batch_empty ON batch (is_empty) WHERE is_empty = 1;

-- The latest job with each unique key.
CREATE TABLE unique_key (
    key    TEXT    PRIMARY KEY, -- with the kind in it
    job_id INTEGER NOT NULL     -- → job.id
) STRICT, WITHOUT ROWID;

-- Answers to requests that may be repeated.
CREATE TABLE idempotency (
    key           TEXT    PRIMARY KEY,
    fingerprint   TEXT    NOT NULL, -- SHA-256 of the request
    batch_id      INTEGER,
    answer        TEXT    NOT NULL, -- JSON: what became of each job
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (created_at_ms);

-- Which job waits for which, or did.
CREATE TABLE dependency (
    job_id    INTEGER NOT NULL, -- → job.id
    on_job_id INTEGER NOT NULL, -- → job.id, even after that job is gone
    -- 0 open: it has not ended. 1 blocked: it did not complete. 2 met.
    state     INTEGER NOT NULL,
    PRIMARY KEY (job_id, on_job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dependency_on ON dependency (on_job_id, state);

-- How many of its dependencies are not met, so that the end of one of thousands costs no count.
CREATE TABLE job_wait (
    job_id INTEGER PRIMARY KEY, -- → job.id
    unmet  INTEGER NOT NULL
) STRICT;

-- Ends of jobs that those waiting for them are still to be told of, in order.
CREATE TABLE ended (
    number INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL,
    how    INTEGER NOT NULL -- 0 completed, 1 not completed, 2 deleted
) STRICT;

-- What jobs wrote while they ran.
CREATE TABLE log_line (
    job_id  INTEGER NOT NULL, -- → job.id
    attempt INTEGER NOT NULL,
    number  INTEGER NOT NULL, -- counts up from 1 within its attempt
    at_ms   INTEGER NOT NULL,
    level   INTEGER NOT NULL, -- 0 debug, 1 info, 2 warn, 3 error
    text    TEXT    NOT NULL,
    PRIMARY KEY (job_id, attempt, number)
) STRICT, WITHOUT ROWID;

-- Limits, and the sums over their meters.
CREATE TABLE limit_rule (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: meters outlive their limit
    name      TEXT    NOT NULL UNIQUE,
    rule      TEXT    NOT NULL, -- JSON
    keys      INTEGER NOT NULL DEFAULT 0, -- meters with jobs at work or held back
    running   INTEGER NOT NULL DEFAULT 0,
    held_back INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What each key of each limit has used. Without a row: nothing.
CREATE TABLE meter (
    id         INTEGER PRIMARY KEY,
    limit_id   INTEGER NOT NULL, -- → limit_rule.id; 0: jobs of a kind without a worker, and the key is the kind
    key        TEXT    NOT NULL,
    running    INTEGER NOT NULL, -- jobs at work
    arrival_us INTEGER NOT NULL, -- the rate's state: the theoretical arrival time, in microseconds
    held       INTEGER NOT NULL, -- jobs in state 7
    due_at_ms  INTEGER,          -- when jobs that it holds back may be released; null: when one at work has ended
    UNIQUE (limit_id, key)
) STRICT;

CREATE INDEX meter_due ON meter (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX meter_idle ON meter (arrival_us) WHERE running = 0 AND held = 0;
CREATE INDEX meter_holding ON meter (limit_id) WHERE held > 0;

-- The meters towards which the work of an attempt counts. Kept until the work has ended, even after its job is gone.
CREATE TABLE job_meter (
    job_id   INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    meter_id INTEGER NOT NULL, -- → meter.id
    PRIMARY KEY (job_id, attempt, meter_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule (
    name   TEXT PRIMARY KEY,
    status TEXT NOT NULL, -- JSON: as somebody wanted it, and where it stands
    job    TEXT NOT NULL  -- JSON: what each run adds
) STRICT, WITHOUT ROWID;

-- What is done to all jobs that match a filter, step by step.
CREATE TABLE operation (
    id             INTEGER PRIMARY KEY,
    action         TEXT    NOT NULL, -- JSON
    filter         TEXT    NOT NULL, -- JSON
    state          INTEGER NOT NULL, -- 0 waiting, 1 running, 2 done, 3 undone
    created_at_ms  INTEGER NOT NULL,
    starts_at_ms   INTEGER NOT NULL,
    finished_at_ms INTEGER,
    looked_at      INTEGER NOT NULL,
    to_look_at     INTEGER NOT NULL,
    done           INTEGER NOT NULL,
    looked_to      INTEGER NOT NULL, -- the id of the job looked at last
    last_job_id    INTEGER NOT NULL  -- later jobs are none of its business
) STRICT;

-- Jobs for people.
DROP VIEW jobs;
CREATE VIEW jobs AS
SELECT
    job.id,
    queue.name AS queue,
    job.kind,
    job.name,
    job.detail,
    CASE job.state
        WHEN 0 THEN 'pending'
        WHEN 1 THEN 'processing'
        WHEN 2 THEN 'completed'
        WHEN 3 THEN 'failed'
        WHEN 4 THEN 'cancelled'
        WHEN 5 THEN 'scheduled'
        WHEN 6 THEN 'waiting'
        WHEN 7 THEN 'pending'
    END AS state,
    job.priority,
    job.progress / 10.0 AS progress_percent,
    job.attempt,
    job.failures,
    job.max_attempts,
    job.batch_id AS batch,
    strftime('%Y-%m-%d %H:%M:%f', job.created_at_ms / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%d %H:%M:%f', job.run_at_ms / 1000.0, 'unixepoch') AS run_at,
    strftime('%Y-%m-%d %H:%M:%f', job.started_at_ms / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%d %H:%M:%f', job.finished_at_ms / 1000.0, 'unixepoch') AS finished_at,
    CASE WHEN meter.limit_id = 0 THEN 'no worker for ' || meter.key ELSE limit_rule.name END AS held_by,
    job_args.args,
    job_args.options,
    job_output.result,
    coalesce(job_output.error, job.error) AS error
FROM job
JOIN queue ON queue.id = job.queue_id
JOIN job_args ON job_args.job_id = job.id
LEFT JOIN job_output ON job_output.job_id = job.id
LEFT JOIN meter ON meter.id = job.held_by
LEFT JOIN limit_rule ON limit_rule.id = meter.limit_id;

-- Attempts for people, running ones included. (The outcome 5 in `past_attempt`: the work asked to be run again later,
-- and `error` says why.)
DROP VIEW attempts;
CREATE VIEW attempts AS
SELECT
    job_id,
    number,
    CASE outcome
        WHEN 1 THEN 'failed'
        WHEN 2 THEN 'cancelled'
        WHEN 3 THEN 'lost'
        WHEN 4 THEN 'released'
        WHEN 5 THEN 'snoozed'
    END AS outcome,
    strftime('%Y-%m-%d %H:%M:%f', started_at_ms / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%d %H:%M:%f', ended_at_ms / 1000.0, 'unixepoch') AS ended_at,
    error
FROM past_attempt
UNION ALL
SELECT
    id,
    attempt,
    CASE state WHEN 1 THEN 'running' WHEN 2 THEN 'completed' WHEN 3 THEN 'failed' ELSE 'cancelled' END,
    strftime('%Y-%m-%d %H:%M:%f', started_at_ms / 1000.0, 'unixepoch'),
    strftime('%Y-%m-%d %H:%M:%f', finished_at_ms / 1000.0, 'unixepoch'),
    CASE state WHEN 3 THEN coalesce((SELECT error FROM job_output WHERE job_id = job.id), error) END
FROM job
WHERE attempt > 0
  AND NOT EXISTS (SELECT 1 FROM past_attempt WHERE job_id = job.id AND number = job.attempt);
