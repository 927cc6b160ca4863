import { parentPort } from 'node:worker_threads';
import { assert, unreachable } from '../base/assert.ts';
import { toFailure } from './failure.ts';
import type { ReplyMessage, RequestKind, RequestMessage, Requests } from './messages.ts';
import { StoreFile } from './store-file.ts';

/** The store's thread. It answers requests in their order, one at a time, and blocks as long as the disk does. */

let file: StoreFile | undefined;

function answer(message: RequestMessage): Requests[RequestKind]['answer'] {
  if (message.kind === 'open') {
    file = StoreFile.open(message.body);
    tidyUp();
    return file.opened();
  }
  assert(file, `the store was asked to ${message.kind} before it was opened`);
  switch (message.kind) {
    case 'commit-alarms':
      file.commitAlarms(message.body);
      return undefined;
    case 'write-records':
      file.writeRecords(message.body);
      return undefined;
    case 'write-cursors':
      return file.writeCursors(message.body);
    case 'write-times':
      return file.correctTimes(message.body);
    case 'read-alarms':
      return file.alarmsAfter(message.body);
    case 'read-alarm-states':
      return file.alarmStates();
    case 'read-learned':
      return file.learned();
    case 'read-memories':
      return file.memories();
    case 'read-alarm-log':
      return file.alarmLog(message.body);
    case 'read-audit':
      return file.audit(message.body);
    case 'read-audit-verdict':
      return file.auditVerdict();
    case 'read-command':
      return file.command(message.body);
    case 'close':
      file.close(message.body.areAllStored);
      file = undefined;
      return undefined;
    default:
      return unreachable(message);
  }
}

/** What loading and opening leave behind would stay for as long as the process lives: no alarm, no work, no cleaning. */
function tidyUp(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function tryAnswer(message: RequestMessage): ReplyMessage['outcome'] {
  try {
    return { kind: 'done', answer: answer(message) };
  } catch (error) {
    return { kind: 'failed', failure: toFailure(error) };
  }
}

assert(parentPort, 'the store worker runs as a worker thread only');
const port = parentPort;
port.on('message', (message: RequestMessage) => {
  const reply: ReplyMessage = { request: message.request, outcome: tryAnswer(message), figures: file?.figures() };
  port.postMessage(reply);
  if (message.kind === 'commit-alarms') file?.tidy(false);
  else if (message.kind.startsWith('write-')) file?.tidy();
});
