import type { Apdu } from './apdu.ts';
import { decodeErrorPayload } from './error-payload.ts';
import type { Outcome } from './request.ts';

/** How a request ended that was answered in one piece. */
export function outcomeOf(
  apdu: Apdu & { kind: 'simple-ack' | 'complex-ack' | 'error' | 'reject' | 'abort' },
  bytes: Buffer,
  responseMs: number,
): Outcome {
  switch (apdu.kind) {
    case 'complex-ack':
      return { kind: 'ack', payload: bytes.subarray(apdu.payloadAt), responseMs };
    case 'simple-ack':
      return { kind: 'simple-ack', responseMs };
    case 'error': {
      const error = decodeErrorPayload(bytes.subarray(apdu.payloadAt));
      return error ? { ...error, responseMs } : { kind: 'bad-reply', detail: 'an error that does not say which' };
    }
    default:
      return { kind: apdu.kind, reason: apdu.reason, responseMs };
  }
}
