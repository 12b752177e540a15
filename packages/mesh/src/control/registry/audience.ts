import type { Client } from './client.js';
import type { Model } from './model.js';

/** What the model's rules ask of clients; clients that are alike in it get the same configuration. */
export interface Distinctions {
  /** Keys of the labels that some rule looks at. */
  readonly labels: ReadonlySet<string>;
  readonly locality: boolean;
}

export function distinctionsOf({ policies }: Model): Distinctions {
  const labels = new Set<string>();
  let locality = false;
  for (const { rules } of policies.virtualServices) {
    for (const { matches } of rules)
      for (const { spec } of matches) for (const key of Object.keys(spec.sourceLabels ?? {})) labels.add(key);
  }
  for (const { loaded } of policies.destinationRules) {
    const { workloadSelector, trafficPolicy, subsets } = loaded.object.spec;
    for (const key of Object.keys(workloadSelector?.matchLabels ?? {})) labels.add(key);
    for (const whole of [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)]) {
      for (const policy of [whole, ...(whole?.portLevelSettings ?? [])]) {
        const setting = policy?.loadBalancer?.localityLbSetting;
        locality ||= setting !== undefined || policy?.outlierDetection !== undefined;
        for (const label of setting?.failoverPriority ?? []) labels.add(label.split('=', 1)[0] ?? '');
      }
    }
  }
  return { labels, locality };
}

/** The client without what makes no difference. */
export function reduceClient(client: Client, { labels, locality }: Distinctions): Client {
  return {
    namespace: client.namespace,
    labels: Object.fromEntries(
      Object.entries(client.labels)
        .filter(([key]) => labels.has(key))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    locality: locality ? client.locality : undefined,
  };
}

/** `default`, `default app=web` or `default app=web eu/eu-1/`: tells clients apart that differ, for people too. */
export function formatClient({ namespace, labels, locality }: Client): string {
  const selected = Object.entries(labels).map(([key, value]) => ` ${key}=${value}`);
  const place = locality === undefined ? '' : ` ${locality.region}/${locality.zone}/${locality.subZone}`;
  return `${namespace}${selected.join('')}${place}`;
}
