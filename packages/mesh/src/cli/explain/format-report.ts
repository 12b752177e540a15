import type { ExplainedSetting, PassedOverRoute, Source } from '@weir/core';
import { formatSource } from '../../control/registry/source.js';
import type { ExplainedDestination, ExplainedMatch, ExplainReport } from '../../proxy/explain/report.js';

const COLUMNS = 80;
/** Settings and their values stand side by side. */
const NAME_COLUMNS = 24;

/** The report for people, in lines of 80 columns as far as names allow. */
export function formatReport(report: ExplainReport): string {
  const { authority, path, virtualHost, passedOver, matched, reason, errors } = report;
  const sections = [
    [
      ...wrap(`call to ${authority} ${path}`, 0),
      ...(virtualHost === undefined
        ? []
        : wrap(`is one to ${virtualHost.name}, found by ${virtualHost.domain}`, 2)),
    ],
    passedOver.length === 0 ? [] : ['rules that do not match', ...passedOver.flatMap(formatPassedOver)],
    matched === undefined ? wrap(`NO ROUTE: ${reason}`, 0) : formatMatch(matched),
    matched === undefined ? [] : formatDestinations(matched),
    matched === undefined ? [] : formatSettings(matched),
    errors.length === 0
      ? []
      : [
          'errors, for which a part of the configuration is not in force',
          ...errors.flatMap((one) => wrap(one, 2)),
        ],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function formatPassedOver({ index, name, source, because }: PassedOverRoute): string[] {
  return [...wrap(`${index + 1}. ${introduce(name, source)}`, 2), ...wrap(because, 5)];
}

function formatMatch({ index, name, source, conditions, answer, action }: ExplainedMatch): string[] {
  return [
    'rule that matches',
    ...wrap(`${index + 1}. ${introduce(name, source)}`, 2),
    ...conditions.flatMap((condition) => wrap(condition, 5)),
    ...(action === 'forward' ? [] : wrap(`answers by itself: ${action}, ${answer}`, 5)),
  ];
}

function introduce(name: string, source: Source | undefined): string {
  if (source === undefined) return 'default: no rule is written for it';
  return `${name === '' ? 'without a name' : name}, ${formatSource(source)}`;
}

function formatDestinations({ destinations, source }: ExplainedMatch): string[] {
  if (destinations.length === 0) return [];
  return ['destinations', ...destinations.flatMap((one) => formatDestination(one, source))];
}

function formatDestination(destination: ExplainedDestination, ofRule: Source | undefined): string[] {
  const { share, service, port, subset, source, missing, endpoints, limits, withoutEffect } = destination;
  const name = `${service}:${port}${subset === '' ? '' : `, subset ${subset}`}`;
  const from = source === undefined || source === ofRule ? [] : wrap(formatSource(source), 4);
  return [
    ...wrap(`${formatShare(share)} to ${name}`, 2),
    ...from,
    ...(missing === '' ? [] : wrap(`NOTHING BEHIND IT: ${missing}`, 4)),
    ...(missing === '' ? formatHealth(destination) : []),
    ...formatEndpoints(endpoints),
    ...limits.flatMap(({ name: limit, value, inUse, source: where }) =>
      formatValue(limit, inUse === undefined ? value : `${value}, ${inUse} now`, where, 4),
    ),
    ...withoutEffect.flatMap((warning) => wrap(`without effect: ${warning}`, 4)),
  ];
}

function formatHealth({ endpoints, panicking = false }: ExplainedDestination): string[] {
  if (panicking) return wrap('TOO FEW HEALTHY ENDPOINTS: calls go to the others as well', 4);
  if (endpoints.some(({ health, ejected = false }) => health === 'healthy' && !ejected)) return [];
  return wrap('NO HEALTHY ENDPOINT: calls that go here fail', 4);
}

function formatEndpoints(endpoints: ExplainedDestination['endpoints']): string[] {
  const widest = Math.max(0, ...endpoints.map(({ address }) => address.length));
  return endpoints.map(({ address, health, ejected = false, pod, locality, weight, priority, inFlight }) => {
    const more = [
      pod === '' ? '' : `pod ${pod}`,
      locality,
      weight === 1 ? '' : `weight ${weight}`,
      priority === 0 ? '' : `priority ${priority}`,
      inFlight === undefined ? '' : `${inFlight} in flight`,
    ].filter((part) => part !== '');
    return `    ${address.padEnd(widest)}  ${(ejected ? 'ejected' : health).padEnd(9)}  ${more.join(', ')}`.trimEnd();
  });
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

function formatSettings({ action, settings, destinations, withoutEffect }: ExplainedMatch): string[] {
  const said = (name: ExplainedSetting['name']): boolean => settings.some((one) => one.name === name);
  const lines = settings.flatMap(({ name, value, cluster, source }) => {
    const subset = destinations.find((one) => one.cluster === cluster)?.subset ?? '';
    const whose = cluster === undefined ? '' : ` (${subset === '' ? cluster : `subset ${subset}`} alone)`;
    return formatValue(name, `${value}${whose}`, source, 2);
  });
  if (action === 'forward' && !said('timeout')) {
    lines.unshift(...formatValue('timeout', 'none', undefined, 2));
  }
  if (action === 'forward' && !said('retry')) {
    lines.push(...formatValue('retry', 'only of what provably was not processed', undefined, 2));
  }
  lines.push(...withoutEffect.flatMap((warning) => wrap(`without effect: ${warning}`, 2)));
  return lines.length === 0 ? [] : ['in force', ...lines];
}

function formatValue(name: string, value: string, source: Source | undefined, indent: number): string[] {
  const from = source === undefined ? 'default' : formatSource(source);
  const [first = '', ...others] = wrap(`${value}; ${from}`, NAME_COLUMNS + indent);
  return [`${' '.repeat(indent)}${name.padEnd(NAME_COLUMNS)}${first.trimStart()}`, ...others];
}

/** Breaks between words, and within none. */
function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one) => ' '.repeat(indent) + one);
}
