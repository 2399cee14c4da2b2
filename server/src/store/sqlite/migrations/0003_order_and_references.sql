-- Taskyard's data, schema 3: whose turn it is among the jobs that a limit holds back.

-- How many jobs of its key started since the last one that was taken by age instead of by priority; 0 to 7.
ALTER TABLE meter ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;

-- The first jobs that a meter holds back, queue by queue.
DROP INDEX job_held;
CREATE INDEX job_held ON job (held_by, queue_id, priority DESC) WHERE held_by IS NOT NULL;
