// BullMQ on a Redis of its own. The address is the port.

import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { CONCURRENCY, PAYLOAD, Ran, check, inBulk, oneByOne, rate, tell, told } from '../shape.mjs';

const { address, jobs, isBest } = told();
const connect = () =>
  new Redis(Number(address), '127.0.0.1', { maxRetriesPerRequest: null, enableAutoPipelining: isBest });
const options = isBest ? { removeOnComplete: true, removeOnFail: true } : {};
const redis = connect();
const connection = connect();

async function empty(name) {
  await redis.flushall();
  return new Queue(name, { connection });
}

const single = await empty('single');
const add = await oneByOne(jobs, () => single.add('noop', PAYLOAD, options));
check(jobs, await single.getWaitingCount());
await single.close();

const many = await empty('bulk');
const entries = (count) => Array.from({ length: count }, () => ({ name: 'noop', data: PAYLOAD, opts: options }));
const bulk = await inBulk(jobs, (count) => many.addBulk(entries(count)));
check(jobs, await many.getWaitingCount());

const ran = new Ran();
const working = connect();
const worker = new Worker('bulk', async (job) => ran.note(job.id), {
  connection: working,
  concurrency: CONCURRENCY,
  autorun: false,
});
const all = new Promise((resolve, reject) => {
  let completed = 0;
  worker.on('completed', () => {
    completed += 1;
    if (completed === jobs) resolve();
  });
  worker.on('failed', (_, error) => reject(error));
  worker.on('error', reject);
});
const rundown = await rate(jobs, async () => {
  worker.run().catch(() => {});
  await all;
});
const counts = await many.getJobCounts('waiting', 'active', 'delayed', 'failed');
ran.check(jobs, Object.values(counts).reduce((sum, count) => sum + count, 0));
await worker.close();
await many.close();

const setting = async (name) => (await redis.config('GET', name))[1];
const version = /redis_version:(\S+)/.exec(await redis.info('server'))[1];
const durability = `Redis ${version}, appendonly ${await setting('appendonly')}, appendfsync ${await setting('appendfsync')}`;
for (const client of [redis, connection, working]) client.disconnect();
tell({ add, bulk, rundown, durability });
process.exit(0);
