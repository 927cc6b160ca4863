import type { Rule } from './alarm.ts';
import type { Bus } from './bus.ts';
import type { RemoteCommand } from './command.ts';
import type { FirstOutGroup, PriorityPolicies } from './deadline.ts';
import type { Device } from './device.ts';
import type { Expression, Suppression } from './expression.ts';
import type { OutputSettings } from './output.ts';
import type { Point } from './point.ts';
import type { SummarySpan } from './summary.ts';
import type { Language } from './texts.ts';

/** A whole site file, checked, with defaults filled in, units converted and everything numbered. */
export interface Site {
  readonly gateway: GatewaySettings;
  readonly uplinks: readonly UplinkSettings[];
  readonly store: StoreSettings;
  readonly buses: readonly Bus[];
  /** In the order of the site file; `devices[i].number` is not i after a reload. */
  readonly devices: readonly Device[];
  /** All points of all devices. */
  readonly points: readonly Point[];
  readonly rules: readonly Rule[];
  /** In order of dependency: none uses what one behind it says. */
  readonly expressions: readonly Expression[];
  readonly suppressions: readonly Suppression[];
  /** Of each device, and part of one, with an equipment class: which rules of its set are in force. */
  readonly ruleSets: readonly RuleSetReport[];
  readonly policies: PriorityPolicies;
  readonly groups: readonly FirstOutGroup[];
  readonly outputs: readonly OutputSettings[];
}

/** What became of the rules of an equipment class at one device. Alarms by their id at the device. */
export interface RuleSetReport {
  /** Id of the device. */
  readonly device: string;
  /** Id of the part; undefined for the device itself. */
  readonly part: string | undefined;
  readonly class: string;
  readonly inForce: readonly string[];
  /** Rules that look at something the device does not have, and what that is. */
  readonly leftOut: readonly { readonly alarm: string; readonly needs: readonly string[] }[];
  /** Switched off by the site file, or replaced by an alarm of its own. */
  readonly off: readonly string[];
}

export interface GatewaySettings {
  readonly id: string;
  readonly name: string;
  /** Of the messages and names that people read. */
  readonly language: Language;
  /** Name of a time zone (IANA); that of the machine when undefined. */
  readonly timeZone?: string | undefined;
}

export interface StoreSettings {
  /** What the store may take of the disk, all its files together, bytes. */
  readonly sizeBytes: number;
}

/** What is sent, and in which form. */
export const uplinkFormats = ['native', 'sparkplug-b'] as const;
export type UplinkFormat = (typeof uplinkFormats)[number];

export interface UplinkSettings {
  /** Names its place in the outbox, so that it is kept over restarts; unique in a site. */
  readonly id: string;
  readonly format: UplinkFormat;
  /** mqtt://host:port or mqtts://host:port; tried in this order. At least one. */
  readonly urls: readonly string[];
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** First level of every topic. */
  readonly topicPrefix: string;
  readonly keepaliveMs: number;
  readonly tls: TlsSettings | undefined;
  /** Who says that an alarm event has arrived: the broker by its PUBACK, or the platform by a message of its own. */
  readonly confirm: 'broker' | 'platform';
  /** The summaries that are sent; undefined for none. */
  readonly summaries: SummarySpan | undefined;
  /** How fast what was kept during an outage may be sent, bits per second, so that it does not fill a thin line. */
  readonly backlogRate: number;
  /** Commands that are taken from this uplink; others are refused. */
  readonly commands: readonly RemoteCommand[];
  /** Only for the format sparkplug-b. */
  readonly sparkplug: SparkplugSettings | undefined;
}

export interface SparkplugSettings {
  readonly groupId: string;
  /** Host id whose STATE is waited for before anything is sent; undefined when nothing is waited for. */
  readonly primaryHost: string | undefined;
}

export interface TlsSettings {
  /** PEM files; absolute paths. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Where a secret is kept. The secret itself is read when it is needed and never stored, shown or logged. */
export type Secret =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  /** A credential that systemd hands to the service (LoadCredential=, LoadCredentialEncrypted=). */
  | { readonly kind: 'credential'; readonly name: string };
