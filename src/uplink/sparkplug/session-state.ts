/**
 * The order of messages that a Sparkplug session demands (Sparkplug 3.0, 5 and 6). Pure: `stepSession` says which messages
 * go out for an input, in order, each with its sequence number. Nothing of a device goes out before its birth certificate
 * or after its death, whatever is asked and when.
 */
export interface SessionState {
  readonly nextSeq: number;
  readonly isNodeBorn: boolean;
  /** The devices whose birth certificate was sent since that of the node. */
  readonly devices: ReadonlyMap<string, 'alive' | 'dead'>;
}

export const unbornSession: SessionState = { nextSeq: 0, isNodeBorn: false, devices: new Map() };

export type SessionInput =
  /** The node and, one by one, its devices are made known anew. */
  | { readonly kind: 'node-birth' }
  | { readonly kind: 'device-birth'; readonly device: string }
  /** The gateway does not hear the device any more. */
  | { readonly kind: 'device-death'; readonly device: string }
  | { readonly kind: 'node-data' }
  | {
      readonly kind: 'device-data';
      readonly device: string;
      /** The gateway does not hear it, or it has left the site. */
      readonly isGone: boolean;
      /** Its last birth certificate does not list all that these data are about. */
      readonly isUnlisted: boolean;
    }
  /** We leave. */
  | { readonly kind: 'node-death' };

export type Emission =
  | { readonly kind: 'node-birth' | 'node-data'; readonly seq: number }
  | { readonly kind: 'device-birth' | 'device-data' | 'device-death'; readonly device: string; readonly seq: number }
  | { readonly kind: 'node-death' };

export interface SessionStep {
  readonly state: SessionState;
  readonly emissions: readonly Emission[];
}

export function stepSession(state: SessionState, input: SessionInput): SessionStep {
  switch (input.kind) {
    case 'node-birth':
      return {
        state: { nextSeq: 1, isNodeBorn: true, devices: new Map() },
        emissions: [{ kind: 'node-birth', seq: 0 }],
      };
    case 'node-death':
      return { state: unbornSession, emissions: [{ kind: 'node-death' }] };
    default:
      return state.isNodeBorn ? stepBorn(state, input) : stepUnborn(state, input);
  }
}

/** Nothing goes out before the birth of the node, so that one comes first. */
function stepUnborn(state: SessionState, input: BornInput): SessionStep {
  const birth = stepSession(state, { kind: 'node-birth' });
  const rest = stepBorn(birth.state, input);
  return { state: rest.state, emissions: [...birth.emissions, ...rest.emissions] };
}

type BornInput = Exclude<SessionInput, { readonly kind: 'node-birth' | 'node-death' }>;

function stepBorn(state: SessionState, input: BornInput): SessionStep {
  switch (input.kind) {
    case 'node-data':
      return {
        state: { ...state, nextSeq: after(state.nextSeq) },
        emissions: [{ kind: 'node-data', seq: state.nextSeq }],
      };
    case 'device-birth':
      return emit(state, input.device, ['device-birth']);
    case 'device-death':
      return emit(state, input.device, state.devices.get(input.device) === 'alive' ? ['device-death'] : []);
    case 'device-data':
      return emit(state, input.device, dataKinds(state.devices.get(input.device), input));
  }
}

type DeviceKind = 'device-birth' | 'device-data' | 'device-death';

/** What was kept of a device that is gone is told between a birth and a death of its own. */
function dataKinds(
  life: 'alive' | 'dead' | undefined,
  { isGone, isUnlisted }: { readonly isGone: boolean; readonly isUnlisted: boolean },
): readonly DeviceKind[] {
  if (life === 'dead' || (life === undefined && isGone)) return ['device-birth', 'device-data', 'device-death'];
  return isUnlisted || life === undefined ? ['device-birth', 'device-data'] : ['device-data'];
}

function emit(state: SessionState, device: string, kinds: readonly DeviceKind[]): SessionStep {
  let { nextSeq, devices } = state;
  const emissions: Emission[] = [];
  for (const kind of kinds) {
    emissions.push({ kind, device, seq: nextSeq });
    nextSeq = after(nextSeq);
    if (kind === 'device-birth') devices = new Map(devices).set(device, 'alive');
    if (kind === 'device-death') devices = new Map(devices).set(device, 'dead');
  }
  return { state: { ...state, nextSeq, devices }, emissions };
}

function after(seq: number): number {
  return (seq + 1) % 256;
}
