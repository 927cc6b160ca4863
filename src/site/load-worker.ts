import { parentPort, workerData } from 'node:worker_threads';
import type { LoadReply, LoadRequest } from './load-message.ts';
import { createNumbering } from './numbering.ts';
import { loadSite } from './site.ts';

/** The thread of site-loader.ts: reads one site file and ends. */
const { path, given } = workerData as LoadRequest;
const result = loadSite(path, { numbering: createNumbering(given) });
parentPort?.postMessage({ result, given } satisfies LoadReply);
