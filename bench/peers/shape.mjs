// The shape that every peer is measured in, and its checks.

export const CALLERS = 64;
export const BULK = 1_000;
export const CONCURRENCY = 100;

/** About 100 bytes as JSON, as Taskyard's own benches have. */
export const PAYLOAD = { payload: 'taskyard '.repeat(9).trim() };

/** What the command line says: address of the database, number of jobs, settings. */
export function told() {
  const [address, jobs, settings] = process.argv.slice(2);
  if (!address || !(Number(jobs) > 0) || !['best', 'defaults'].includes(settings)) {
    throw new Error('usage: node bench.mjs ADDRESS JOBS best|defaults');
  }
  return { address, jobs: Number(jobs), isBest: settings === 'best' };
}

/** Jobs a second while callers add one job at a time, each waiting for its answer. */
export async function oneByOne(jobs, add) {
  let left = jobs;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await add();
    }
  };
  return rate(jobs, () => Promise.all(Array.from({ length: CALLERS }, caller)));
}

/** Jobs a second while one caller adds in bulk. */
export async function inBulk(jobs, addAll) {
  return rate(jobs, async () => {
    for (let left = jobs; left > 0; left -= BULK) {
      await addAll(Math.min(left, BULK));
    }
  });
}

export async function rate(jobs, work) {
  const began = process.hrtime.bigint();
  await work();
  return jobs / (Number(process.hrtime.bigint() - began) / 1e9);
}

/** Counts what ran: each job exactly once. */
export class Ran {
  ids = new Set();
  calls = 0;

  note(id) {
    this.ids.add(String(id));
    this.calls += 1;
  }

  check(jobs, left) {
    if (this.calls !== jobs || this.ids.size !== jobs || left !== 0) {
      throw new Error(`of ${jobs} jobs, ${this.ids.size} ran in ${this.calls} calls, and ${left} are left`);
    }
  }
}

export function check(expected, stored) {
  if (expected !== stored) {
    throw new Error(`${expected} jobs were added, and ${stored} are stored`);
  }
}

/** One line for the script that asked. */
export function tell(found) {
  console.log(JSON.stringify(found));
}
