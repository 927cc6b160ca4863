import { type QuickMetric, quickDecode } from './quick-decode.ts';

interface Tag {
  readonly name: string;
  value: QuickMetric['value'];
  at: number;
}

/**
 * A host that believes nothing but the messages, and minds the rules: what it objects to, what it has heard, and what it
 * shows of the plant.
 */
export class ModelHost {
  readonly objections: string[] = [];
  /** Ids of all events it has heard of. */
  readonly events = new Set<string>();
  births = 0;
  #bdSeq: number | undefined;
  #nextSeq: number | undefined;
  readonly #alive = new Set<string>();
  /** By alias; the owner is a device's id, or empty for the node. */
  readonly #tags = new Map<number, Tag & { readonly owner: string }>();

  take(topic: string, bytes: Uint8Array): void {
    const [, , verb = '', , device = ''] = topic.split('/');
    const { seq, metrics } = quickDecode(bytes);
    if (verb === 'NDEATH') {
      if (seq !== undefined) this.#object(topic, 'a death with a sequence number');
      if (metrics[0]?.value === this.#bdSeq) this.#die();
      return;
    }
    if (verb === 'NBIRTH') this.#bear(metrics);
    this.#checkSeq(topic, seq);
    if (verb === 'DBIRTH') this.#bearDevice(device, metrics);
    if (verb === 'DDEATH' && !this.#alive.delete(device)) this.#object(topic, 'a death of a device that does not live');
    if (verb === 'DDATA' && !this.#alive.has(device)) this.#object(topic, 'data of a device that does not live');
    if (verb === 'DDATA' || verb === 'NDATA') for (const metric of metrics) this.#update(topic, device, metric);
  }

  /** The alarms that it shows as standing, of the devices that live, by their keys. */
  get alarms(): readonly string[] {
    return [...this.#tags.values()]
      .filter(({ name, value, owner }) => name.startsWith('Alarms/') && value === true && this.#shows(owner))
      .map(({ name, owner }) => (owner === '' ? name.slice(7) : `${owner}/${name.slice(7)}`))
      .sort();
  }

  get devices(): readonly string[] {
    return [...this.#alive].sort();
  }

  get bdSeq(): number | undefined {
    return this.#bdSeq;
  }

  #shows(owner: string): boolean {
    return owner === '' || this.#alive.has(owner);
  }

  #bear(metrics: readonly QuickMetric[]): void {
    this.births += 1;
    this.#die();
    this.#nextSeq = 0;
    this.#bdSeq = Number(metrics.find(({ name }) => name === 'bdSeq')?.value);
    for (const [alias, { owner }] of this.#tags) if (owner === '') this.#tags.delete(alias);
    this.#list('', metrics);
  }

  #bearDevice(device: string, metrics: readonly QuickMetric[]): void {
    this.#alive.add(device);
    for (const [alias, { owner }] of this.#tags) if (owner === device) this.#tags.delete(alias);
    this.#list(device, metrics);
  }

  #list(owner: string, metrics: readonly QuickMetric[]): void {
    for (const { name, alias, value, at, isHistorical } of metrics) {
      if (name === undefined || alias === undefined) this.#object(owner, 'a birth without name or alias');
      else if (this.#tags.has(alias)) this.#object(owner, `${name} has the alias of another metric`);
      else if (isHistorical) this.#object(owner, `${name} is born as history`);
      else this.#tags.set(alias, { name, owner, value, at });
    }
  }

  #die(): void {
    this.#nextSeq = undefined;
    this.#bdSeq = undefined;
    this.#alive.clear();
    this.#tags.clear();
  }

  #checkSeq(topic: string, seq: number | undefined): void {
    if (this.#nextSeq === undefined) this.#object(topic, 'something before the birth of the node');
    else if (seq !== this.#nextSeq) this.#object(topic, `${seq} instead of ${this.#nextSeq}`);
    this.#nextSeq = ((seq ?? 0) + 1) % 256;
  }

  #update(topic: string, owner: string, metric: QuickMetric): void {
    if (metric.eventId !== undefined) this.events.add(metric.eventId);
    const tag = metric.alias === undefined ? undefined : this.#tags.get(metric.alias);
    if (!tag || tag.owner !== owner) this.#object(topic, `alias ${metric.alias} was not born`);
    else if (!metric.isHistorical) {
      if (metric.at < tag.at && tag.name.startsWith('Alarms/')) this.#object(topic, `${tag.name} goes back in time`);
      Object.assign(tag, { value: metric.value, at: metric.at });
    }
  }

  #object(topic: string, reason: string): void {
    this.objections.push(`${topic}: ${reason}`);
  }
}
