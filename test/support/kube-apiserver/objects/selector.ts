import { textAt, type ApiObject } from './api-object.js';
import { badRequest } from './status-error.js';

export type Selector = (object: ApiObject) => boolean;
type Labels = Readonly<Record<string, string>>;

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`: the text form of a label selector. */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return (labels) => requirements.every((requirement) => requirement(labels));
}

/** `metav1.LabelSelector`, as webhooks and controllers have it; none selects everything. */
export function matchesLabelSelector(selector: unknown, labels: Labels): boolean {
  if (typeof selector !== 'object' || selector === null) return true;
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Labels;
    matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      if (operator === 'Exists') return value !== undefined;
      return value === undefined;
    })
  );
}

/** Name and namespace of everything, and a few fields of pods, as the real server has them. */
const FIELDS: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.phase',
  'involvedObject.name',
  'involvedObject.namespace',
  'involvedObject.kind',
  'involvedObject.uid',
]);

/** `metadata.name=a,status.phase!=Failed`. */
export function parseFieldSelector(text: string): Selector {
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term): Selector => {
      const [, field = '', operator = '', value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
      if (!FIELDS.has(field)) throw badRequest(`field label not supported: ${field || term}`);
      return (object) => (textAt(object, ...field.split('.')) === value) === (operator !== '!=');
    });
  return (object) => terms.every((term) => term(object));
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    const char = text[index];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if ((char === ',' && depth === 0) || char === undefined) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (labels) => {
      const value = labels[key];
      return (value !== undefined && values.has(value)) === (operator === 'in');
    };
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  if (text.startsWith('!')) return (labels) => labels[text.slice(1)] === undefined;
  if (/^[\w./-]+$/.test(text)) return (labels) => labels[text] !== undefined;
  throw badRequest(`unable to parse requirement: ${text}`);
}
