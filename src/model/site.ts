import type { Rule } from './alarm.ts';
import type { Bus } from './bus.ts';
import type { Device } from './device.ts';
import type { Point } from './point.ts';

/** A whole site file, checked, with defaults filled in, units converted and everything numbered. */
export interface Site {
  readonly gateway: GatewaySettings;
  readonly uplink: UplinkSettings | undefined;
  readonly buses: readonly Bus[];
  /** In the order of the site file; `devices[i].number` is not i after a reload. */
  readonly devices: readonly Device[];
  /** All points of all devices. */
  readonly points: readonly Point[];
  readonly rules: readonly Rule[];
}

export interface GatewaySettings {
  readonly id: string;
  readonly name: string;
}

export interface UplinkSettings {
  /** mqtt://host:port or mqtts://host:port */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** First level of every topic. */
  readonly topicPrefix: string;
  readonly keepaliveMs: number;
  readonly tls: TlsSettings | undefined;
}

export interface TlsSettings {
  /** PEM files; absolute paths. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Where a secret is kept. The secret itself is read when it is needed and never stored, shown or logged. */
export type Secret = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'env'; readonly name: string };
