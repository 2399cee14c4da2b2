-- Taskyard's data, schema 1.
--
-- Read it as you like while the server runs (open it read-only); write to it only with the server stopped.
-- The views `jobs` and `attempts` at the end are the easy way in: states in words, times in UTC.
--
-- States are integers: 0 pending, 1 processing, 2 completed, 3 failed, 4 cancelled.
-- Times (`…_at_ms`) are milliseconds since the Unix epoch.
-- The references between the tables are kept by the server itself, so that they cost nothing to check.

-- One row: where the whole yard stands.
CREATE TABLE yard (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Counts the transactions that changed something.
    commit_seq  INTEGER NOT NULL,
    -- The highest job id ever given: ids are never used twice, even after their jobs are gone.
    last_job_id INTEGER NOT NULL
) STRICT;

INSERT INTO yard (only_row, commit_seq, last_job_id) VALUES (1, 0, 0);

-- Queues, their settings, and the exact number of their jobs in each state, changed in the same
-- transaction as the jobs. Queues are never removed.
CREATE TABLE queue (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    concurrency INTEGER NOT NULL,
    paused      INTEGER NOT NULL CHECK (paused IN (0, 1)),
    pending     INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    processing  INTEGER NOT NULL DEFAULT 0 CHECK (processing >= 0),
    completed   INTEGER NOT NULL DEFAULT 0 CHECK (completed >= 0),
    failed      INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    cancelled   INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0)
) STRICT;

-- Jobs: what changes while one lives, and what a list shows. Kept narrow, for each claim, report and
-- outcome writes this row anew; what is large lies in the tables below.
CREATE TABLE job (
    id             INTEGER PRIMARY KEY,
    queue_id       INTEGER NOT NULL, -- → queue.id
    state          INTEGER NOT NULL,
    progress       INTEGER NOT NULL, -- of the latest attempt, in thousandths
    attempt        INTEGER NOT NULL, -- attempts begun so far
    created_at_ms  INTEGER NOT NULL,
    started_at_ms  INTEGER,          -- when the latest attempt began
    finished_at_ms INTEGER,          -- when the job ended; null while it may still run
    has_inputs     INTEGER NOT NULL, -- 1: it was given files
    kind           TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    detail         TEXT    NOT NULL,
    error          TEXT              -- the latest attempt's error, its first 200 characters
) STRICT;

-- Claims take the lowest ids of a queue's pending jobs; lists by state or queue walk it in either order.
-- (Every index ends in the id.)
CREATE INDEX job_by_state ON job (queue_id, state);

-- Clearing takes what finished first.
CREATE INDEX job_by_end ON job (queue_id, finished_at_ms) WHERE finished_at_ms IS NOT NULL;

-- A job's arguments: JSON, written once.
CREATE TABLE job_args (
    job_id INTEGER PRIMARY KEY, -- → job.id
    args   TEXT NOT NULL
) STRICT;

-- What the latest attempt left, where it left more than the job's row can say.
CREATE TABLE job_output (
    job_id INTEGER PRIMARY KEY, -- → job.id
    result TEXT,                -- JSON; no row: a completed job's result is null
    error  TEXT                 -- in full; null where the row in `job` has all of it
) STRICT;

-- Attempts after which the job could run again; the newest 100 of each job. The latest attempt is here
-- only in that case: otherwise the job's own row tells of it.
CREATE TABLE past_attempt (
    job_id        INTEGER NOT NULL, -- → job.id
    number        INTEGER NOT NULL, -- counts up from 1 within its job
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER NOT NULL,
    -- 1 failed, 2 cancelled, 3 lost (its process died), 4 released (its process was stopped in good order)
    outcome       INTEGER NOT NULL,
    error         TEXT,             -- in full
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

-- Files that jobs were given or made. The content lies in the files folder under its SHA-256.
CREATE TABLE file (
    job_id     INTEGER NOT NULL, -- → job.id
    role       INTEGER NOT NULL, -- 0 input, 1 artifact
    name       TEXT    NOT NULL,
    sha256     TEXT    NOT NULL, -- lower-case hexadecimal
    bytes      INTEGER NOT NULL,
    media_type TEXT    NOT NULL,
    PRIMARY KEY (job_id, role, name)
) STRICT, WITHOUT ROWID;

-- Which files no job refers to any more.
CREATE INDEX file_by_content ON file (sha256);

-- Jobs for people.
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
    END AS state,
    job.progress / 10.0 AS progress_percent,
    job.attempt,
    strftime('%Y-%m-%d %H:%M:%f', job.created_at_ms / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%d %H:%M:%f', job.started_at_ms / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%d %H:%M:%f', job.finished_at_ms / 1000.0, 'unixepoch') AS finished_at,
    job_args.args,
    job_output.result,
    coalesce(job_output.error, job.error) AS error
FROM job
JOIN queue ON queue.id = job.queue_id
JOIN job_args ON job_args.job_id = job.id
LEFT JOIN job_output ON job_output.job_id = job.id;

-- Attempts for people, running ones included.
CREATE VIEW attempts AS
SELECT
    job_id,
    number,
    CASE outcome WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' WHEN 3 THEN 'lost' ELSE 'released' END AS outcome,
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
