/* The last 24 hours of this yard, hour by hour (UTC). */
WITH RECURSIVE
hours (hour) AS (
    SELECT unixepoch() / 3600 - 23
    UNION ALL
    SELECT hour + 1 FROM hours WHERE hour < unixepoch() / 3600
),
added AS (
    SELECT created_at_ms / 3600000 AS hour, count(*) AS jobs
    FROM job
    WHERE created_at_ms >= (unixepoch() / 3600 - 23) * 3600000
    GROUP BY 1
),
ended AS (
    SELECT
        finished_at_ms / 3600000 AS hour,
        count(*) FILTER (WHERE state = 2) AS completed,
        count(*) FILTER (WHERE state = 3) AS failed,
        count(*) FILTER (WHERE state = 4) AS cancelled,
        round(avg(finished_at_ms - started_at_ms) FILTER (WHERE state = 2) / 1000.0, 3) AS mean_seconds
    FROM job
    WHERE finished_at_ms >= (unixepoch() / 3600 - 23) * 3600000
    GROUP BY 1
)
SELECT
    strftime('%Y-%m-%d %H:00', hours.hour * 3600, 'unixepoch') AS hour,
    coalesce(added.jobs, 0) AS added,
    coalesce(ended.completed, 0) AS completed,
    coalesce(ended.failed, 0) AS failed,
    coalesce(ended.cancelled, 0) AS cancelled,
    ended.mean_seconds
FROM hours
LEFT JOIN added ON added.hour = hours.hour
LEFT JOIN ended ON ended.hour = hours.hour
ORDER BY hours.hour
