// Graphile Worker on a PostgreSQL of its own. The address is a connection string.

import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { CONCURRENCY, PAYLOAD, Ran, check, inBulk, oneByOne, rate, tell, told } from '../shape.mjs';

const { address, jobs, isBest } = told();
const LOOK_EVERY_MS = 5;
const logger = new Logger(() => () => {});
// Best: jobs are fetched in batches into a local queue, and completed in batches.
const tuned = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0, maxPoolSize: 20 };
const preset = { worker: { connectionString: address, concurrentJobs: CONCURRENCY, ...(isBest ? tuned : {}) } };

const pool = new pg.Pool({ connectionString: address, max: isBest ? 64 : 10 });
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
const stored = async () => Number((await pool.query('select count(*) from graphile_worker.jobs')).rows[0].count);
const empty = () => pool.query('truncate graphile_worker._private_jobs');

const add = await oneByOne(jobs, () => utils.addJob('noop', PAYLOAD));
check(jobs, await stored());
await empty();

const specs = (count) => Array.from({ length: count }, () => ({ identifier: 'noop', payload: PAYLOAD }));
const bulk = await inBulk(jobs, (count) => utils.addJobs(specs(count)));
check(jobs, await stored());

const ran = new Ran();
const noop = async (_, helpers) => ran.note(helpers.job.id);
let runner;
const rundown = await rate(jobs, async () => {
  runner = await run({ preset, logger, taskList: { noop }, noHandleSignals: true });
  while (ran.calls < jobs || (await stored()) > 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
});
ran.check(jobs, await stored());
await runner.stop();

const shown = async (name) => Object.values((await pool.query(`show ${name}`)).rows[0])[0];
const [version, commit, fsync] = [await shown('server_version'), await shown('synchronous_commit'), await shown('fsync')];
await utils.release();
await pool.end();
tell({ add, bulk, rundown, durability: `PostgreSQL ${version}, synchronous_commit ${commit}, fsync ${fsync}` });
process.exit(0);
