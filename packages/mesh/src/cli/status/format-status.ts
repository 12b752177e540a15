import type { DescribedClient, DescribedType } from '../../control/http/describe-client.js';

/** The part of `/status` that `weir status` shows. */
export interface StatusDocument {
  readonly clients: readonly DescribedClient[];
  readonly versions: Readonly<Record<string, string>>;
}

const TYPES = ['Listener', 'RouteConfiguration', 'Cluster', 'ClusterLoadAssignment'] as const;
const HEAD = ['CLIENT', 'KIND', 'VERSION', 'LDS', 'RDS', 'CDS', 'EDS', 'CONFIG'];

/** For people: a line for each proxy and client, and below it what is wrong with it. */
export function formatStatus({ clients }: StatusDocument): string {
  if (clients.length === 0) return 'no proxy and no client is connected\n';
  const sorted = clients.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rows = sorted.map(rowOf);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [line(HEAD)];
  for (const [index, client] of sorted.entries()) lines.push(line(rows[index] ?? []), ...notesOf(client));
  return `${lines.join('\n')}\n`;
}

/** Whether some client has refused something. */
export function hasRefusals({ clients }: StatusDocument): boolean {
  return clients.some(({ types }) => Object.values(types).some(({ state }) => state === 'NACKED'));
}

function nameOf({ pod, namespace, node, peer }: DescribedClient): string {
  return pod === '' ? node || peer : `${pod}.${namespace}`;
}

function rowOf(client: DescribedClient): readonly string[] {
  const { kind, version, types } = client;
  const states = TYPES.map((type) => {
    const found = types[type];
    return found === undefined ? '-' : stateOf(found);
  });
  const versions = Object.values(types).map(({ ackedVersion }) => ackedVersion);
  // Versions of one run differ in their number alone; the highest is that of the configuration it has come to.
  const latest = versions.toSorted(compareVersions).at(-1) ?? '';
  return [nameOf(client), kind, version || '-', ...states, latest || '-'];
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function stateOf({ state, forSeconds }: DescribedType): string {
  return state === 'SYNCED' || forSeconds === undefined ? state : `${state} ${formatSeconds(forSeconds)}`;
}

/** `3s`, `4m`, `2h`, `5d` */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

function* notesOf({ types, unsupported }: DescribedClient): Iterable<string> {
  for (const [type, { rejection, withheld }] of Object.entries(types)) {
    if (rejection !== undefined) {
      const [first = '', ...others] = rejection.resources;
      const what = others.length === 0 ? first : `${first} and ${others.length} more`;
      const field = rejection.field === undefined ? '' : `, field ${rejection.field}`;
      yield `  ${type} ${what} was refused in version ${rejection.version}${field}: ${rejection.message}`;
    }
    for (const name of withheld) {
      const what = name === '*' ? `all of type ${type} together` : `${type} ${name}`;
      yield `  ${what} is too large for one message to this client, which stays with what it has; subscribe to less, or split the service`;
    }
  }
  for (const { feature, effect, instead, source } of unsupported) {
    yield `  ${feature} is ${effect === 'ignored' ? 'not supported' : 'only approximated'}: ${instead}${source === undefined ? '' : ` (${source})`}`;
  }
}
