// Emmett's appendToStream on PostgreSQL: one event a commit, 32 at a time, no HTTP.
// node emmett.mjs URL SECONDS, in a directory that has node_modules with @event-driven-io/emmett-postgresql
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [url, seconds] = [process.argv[2], Number(process.argv[3])];
const found = createRequire(`${process.cwd()}/`).resolve('@event-driven-io/emmett-postgresql');
const { getPostgreSQLEventStore } = await import(pathToFileURL(found).href);
const store = getPostgreSQLEventStore(url);
await store.schema.migrate();

const AT_ONCE = 32;
const end = performance.now() + seconds * 1000;
const began = performance.now();
let count = 0;

async function write(place) {
  while (performance.now() < end) {
    // Each writer has its own customers: two that begin one stream at once would conflict.
    const customer = Math.floor(Math.random() * 10000 / AT_ONCE) * AT_ONCE + place;
    await store.appendToStream(`journey-customer-${customer}`, [{
      type: 'interaction.recorded',
      data: {
        id: randomUUID(), source: '/channels/mobile', time: '2026-03-16T14:30:41Z', channel: 'mobile',
        touchpoint: 'page.view', action: 'view', outcome: 'read', duration_s: 5.5,
      },
    }]);
    count += 1;
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => write(place)));
console.log(JSON.stringify({ count, seconds: (performance.now() - began) / 1000 }));
await store.close();
process.exit(0);
