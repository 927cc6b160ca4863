import type { DataType, Metric, NamedMetric } from './payload.ts';

/** Whose metric it is: a device's id, or the node's own. */
export type Owner = string | undefined;

interface Entry {
  readonly alias: number;
  readonly type: DataType;
}

interface Page {
  readonly entries: Map<string, Entry>;
  isListed: boolean;
}

/**
 * The aliases of one session: unique over the node and its devices, given once, never changed. It also knows which metrics
 * have got one since the birth certificate of their owner, so that hosts cannot know them yet. It grows with the names that
 * a site has had in one session, and ends with that.
 */
export class Ledger {
  readonly #pages = new Map<Owner, Page>();
  #nextAlias = 1;

  /** The metric as data: by its alias alone. */
  refer(owner: Owner, metric: NamedMetric, isHistorical: boolean): Metric {
    const { alias } = this.#enter(owner, metric.name, metric.type);
    return { ...metric, name: undefined, alias, isHistorical };
  }

  /** True when the last birth certificate of this owner does not list all that has an alias. */
  isUnlisted(owner: Owner): boolean {
    return !this.#page(owner).isListed;
  }

  /** A whole birth certificate: these, and as nulls the metrics that data still speak of though the site does not. */
  list(owner: Owner, metrics: readonly NamedMetric[], nowAt: number): readonly Metric[] {
    const page = this.#page(owner);
    const present = metrics.map(metric => {
      const { alias } = this.#enter(owner, metric.name, metric.type);
      return { ...metric, alias, isHistorical: false };
    });
    page.isListed = true;
    const named = new Set(metrics.map(({ name }) => name));
    const gone = [...page.entries]
      .filter(([name]) => !named.has(name))
      .map(([name, { alias, type }]) => {
        return { name, alias, type, at: nowAt, value: undefined, isHistorical: false, properties: undefined };
      });
    return [...present, ...gone];
  }

  /** The node's own metric of this alias. */
  nodeMetric(alias: number): string | undefined {
    return [...this.#page(undefined).entries].find(([, entry]) => entry.alias === alias)?.[0];
  }

  #page(owner: Owner): Page {
    const known = this.#pages.get(owner);
    if (known) return known;
    const page: Page = { entries: new Map(), isListed: true };
    this.#pages.set(owner, page);
    return page;
  }

  #enter(owner: Owner, name: string, type: DataType): Entry {
    const page = this.#page(owner);
    const known = page.entries.get(name);
    if (known?.type === type) return known;
    // A metric that has another type since a reload is another metric: its old alias must not be read with the new type.
    const entry = { alias: this.#nextAlias, type };
    this.#nextAlias += 1;
    page.entries.set(name, entry);
    page.isListed = false;
    return entry;
  }
}
