import { parentPort } from 'node:worker_threads';
import { assert, unreachable } from '../../base/assert.ts';
import { codeOf } from '../../base/errors.ts';
import { toFailure } from '../failure.ts';
import { HistoryFile } from './history-file.ts';
import type { HistoryReply, HistoryRequestKind, HistoryRequestMessage, HistoryRequests } from './messages.ts';

/** The history's thread. It answers requests in their order, one at a time, and blocks as long as the disk does. */

let file: HistoryFile | undefined;

function answer(message: HistoryRequestMessage): HistoryRequests[HistoryRequestKind]['answer'] {
  if (message.kind === 'open') {
    file?.close();
    file = new HistoryFile(message.body);
    tidyUp();
    return undefined;
  }
  assert(file, `the history was asked to ${message.kind} before it was opened`);
  switch (message.kind) {
    case 'write':
      file.write(message.body.batch, message.body.work);
      return undefined;
    case 'settle':
      file.settle(message.body.uplink, message.body.span, message.body.numbers);
      return undefined;
    case 'flush':
      file.flush();
      return undefined;
    case 'use-uplinks':
      file.useUplinks(message.body);
      return undefined;
    case 'resize':
      file.resize(message.body);
      return undefined;
    case 'make-room':
      return file.makeRoom(message.body);
    case 'correct-times':
      return file.correctTimes(message.body);
    case 'last-summary':
      return file.lastSummary(message.body);
    case 'read-summaries':
      return file.readSummaries(message.body.uplink, message.body.query);
    case 'read-raw': {
      const { body } = message;
      return file.read(reading => reading.raw(body));
    }
    case 'read-rows': {
      const { body } = message;
      return file.read(reading => reading.rows(body));
    }
    case 'close':
      file.close();
      file = undefined;
      return undefined;
    default:
      return unreachable(message);
  }
}

/**
 * Opening reads what the coarser windows are made of, and a write takes every point's minute apart; what that leaves behind
 * would stay for as long as the process lives, 8 MB at 10,000 points.
 */
function tidyUp(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function tryAnswer(message: HistoryRequestMessage): HistoryReply['outcome'] {
  try {
    return { kind: 'done', answer: answer(message) };
  } catch (error) {
    return { kind: 'failed', failure: toFailure(error) };
  }
}

function tidy(): void {
  try {
    file?.tidy();
  } catch (error) {
    // A disk that refuses refuses the next write too, and that one tells.
    if (codeOf(error) === undefined) throw error;
  }
}

assert(parentPort, 'the history worker runs as a worker thread only');
const port = parentPort;
port.on('message', (message: HistoryRequestMessage) => {
  const outcome = tryAnswer(message);
  const reply: HistoryReply = { request: message.request, outcome, figures: file?.figures() };
  port.postMessage(reply);
  if (message.kind !== 'write') return;
  tidy();
  tidyUp();
});
