import { unreachable } from '../base/assert.ts';
import type { LinkFailure } from './link.ts';

/** What the broker and the network say, in plain words: what happened, and what to look at. Pure. */

export interface Party {
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
}

const sessionTakenOver = 0x8e;

/** Another client uses our client id. Coming back at once would only throw that one out in turn. */
export function isTakeover(failure: LinkFailure): boolean {
  return failure.kind === 'disconnected' && failure.reasonCode === sessionTakenOver;
}

/** What mqtt.js says to a PUBACK with a reason code that MQTT 5 does not have there. */
const invalidPuback = 'Invalid puback reason code';

/**
 * True when the broker probably found a message too large: mosquitto with `message_size_limit` then sends 0x95 in a
 * PUBACK, where MQTT 5 has no such code, and the connection ends over it.
 */
export function isSizeSuspected(failure: LinkFailure): boolean {
  return failure.kind === 'network' && failure.detail === invalidPuback;
}

/** One line about why there is no connection. */
export function describeFailure(failure: LinkFailure, party: Party): string {
  switch (failure.kind) {
    case 'network':
      return describeNetwork(failure.code, failure.detail, party);
    case 'refused':
      return describeRefusal(failure.reasonCode, party);
    case 'disconnected':
      return describeDisconnect(failure.reasonCode, party);
    case 'lost':
      return `the connection to ${hostOf(party)} ended without a word: look at the broker's log, and whether another client uses the client id "${party.clientId}"`;
    case 'unusable':
      return failure.detail;
    case 'host-offline':
      return `the host that the data is for is not on line at ${hostOf(party)}: it is kept here until the host is back`;
    case 'connect-timeout':
      return `${hostOf(party)} did not let us in within ${failure.afterMs / 1_000} s: is it an MQTT broker, and is the network up?`;
    case 'publish-timeout':
      return `the broker did not acknowledge a message on ${failure.topic} within ${failure.afterMs / 1_000} s: the network or the broker hangs`;
    default:
      return unreachable(failure);
  }
}

/** One line about a message that the broker did not take; it stays in the outbox. */
export function describePublishRefusal(reasonCode: number, topic: string, party: Party): string {
  switch (reasonCode) {
    case 0x10:
      return `the broker takes alarms, but nobody subscribes to ${topic} (0x10): they are kept until somebody does`;
    case 0x87:
      return `the broker does not allow us to publish on ${topic} (0x87 not authorised): check its access list for ${clientOf(party)}`;
    case 0x90:
      return `the broker does not take the topic ${topic} (0x90 topic name invalid): check uplink.topic-prefix and gateway.id`;
    case 0x95:
      return `a message on ${topic} is too large for the broker (0x95 packet too large): raise its limit on the size of messages`;
    case 0x97:
      return `the broker takes no more messages on ${topic} for now (0x97 quota exceeded): check its quota for ${clientOf(party)}`;
    default:
      return `the broker refuses messages on ${topic} (${nameOf(reasonCode)}): look at the broker's log`;
  }
}

/** One line about a subscription that the broker refused; all else goes on without it. */
export function describeSubscribeRefusal(reasonCode: number, topic: string, party: Party): string {
  return `the broker does not let us subscribe to ${topic} (${nameOf(reasonCode)}): check its access list for ${clientOf(party)}`;
}

function describeNetwork(code: string | undefined, detail: string, party: Party): string {
  const host = hostOf(party);
  switch (code ?? detail) {
    case 'Keepalive timeout':
      return `${host} did not answer for one and a half keep-alives: the network or the broker hangs`;
    case invalidPuback:
      return `${host} refused a message in a way that MQTT 5 does not have, most often since it is too large: raise its limit on the size of messages`;
    case 'ECONNREFUSED':
      return `nothing answers at ${host} (connection refused): is the broker running, and is the port right?`;
    case 'ENOTFOUND':
      return `the host of ${host} is not known by name: check uplink.url and the gateway's name server`;
    case 'EAI_AGAIN':
      return `no name server answers for ${host}: check the gateway's network`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return `there is no way to ${host} (${code}): check the gateway's network and the firewall`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${host} broke the connection off (${code}): look at the broker's log; does the port speak ${schemeOf(party)}?`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `the certificate of ${host} comes from an authority we do not know (${code}): name its CA in uplink.tls.ca`;
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${host} has expired: renew it on the broker, or set the gateway's clock if that is wrong`;
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${host} is not valid yet: the gateway's clock is probably wrong`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${host} is made out for another name: use the name in the certificate in uplink.url`;
    default:
      if (code === 'EPROTO' || code?.startsWith('ERR_SSL')) {
        return `TLS with ${host} failed (${code}): is it the broker's TLS port, and does it want a client certificate (uplink.tls)?`;
      }
      return `the connection to ${host} failed (${code ?? detail}): look at the broker's log and at the network`;
  }
}

function describeRefusal(reasonCode: number, party: Party): string {
  const host = hostOf(party);
  switch (reasonCode) {
    case 0x01:
    case 0x84:
      return `${host} does not speak MQTT 5: plantroom needs it, since older versions cannot say that a message was refused`;
    case 0x02:
    case 0x85:
      return `${host} does not take the client id "${party.clientId}": check uplink.client-id`;
    case 0x04:
    case 0x05:
    case 0x86:
    case 0x87:
      return `${host} refuses the login of ${clientOf(party)} (${nameOf(reasonCode)}): check uplink.username and uplink.password`;
    case 0x8a:
      return `${host} has banned ${clientOf(party)} (0x8A): ask who runs the broker`;
    case 0x9a:
      return `${host} keeps no retained messages (0x9A), which the status topic needs: allow them on the broker`;
    case 0x9b:
      return `${host} does not offer QoS 1 (0x9B), which alarms need: allow it on the broker`;
    default:
      return `${host} refuses the connection (${nameOf(reasonCode)}): look at the broker's log`;
  }
}

function describeDisconnect(reasonCode: number, party: Party): string {
  const host = hostOf(party);
  switch (reasonCode) {
    case sessionTakenOver:
      return `another client took over the client id "${party.clientId}" (0x8E): give each gateway its own uplink.client-id`;
    case 0x8b:
      return `${host} is shutting down (0x8B)`;
    case 0x8d:
      return `${host} did not hear us in time (0x8D keep alive timeout): the network is slow or drops packets`;
    default:
      return `${host} ended the connection (${nameOf(reasonCode)}): look at the broker's log`;
  }
}

/** Names of MQTT 5, 2.4, in the form people find in a broker's log. */
const reasonNames: Readonly<Record<number, string>> = {
  0: 'normal disconnection',
  4: 'bad user name or password',
  5: 'not authorised',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  134: 'bad user name or password',
  135: 'not authorised',
  136: 'server unavailable',
  137: 'server busy',
  139: 'server shutting down',
  145: 'packet identifier in use',
  147: 'receive maximum exceeded',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  153: 'payload format invalid',
  156: 'use another server',
  157: 'server moved',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
};

function nameOf(reasonCode: number): string {
  const hex = `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`;
  const name = reasonNames[reasonCode];
  return name === undefined ? hex : `${hex} ${name}`;
}

function hostOf(party: Party): string {
  return URL.parse(party.url)?.host ?? party.url;
}

function schemeOf(party: Party): string {
  return party.url.startsWith('mqtts:') ? 'MQTT over TLS' : 'MQTT without TLS';
}

function clientOf(party: Party): string {
  return party.username === undefined
    ? `client "${party.clientId}"`
    : `user "${party.username}" (client "${party.clientId}")`;
}
