import type { Problem } from '../../kube/problem.js';
import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import type { Model } from '../registry/model.js';
import type { ModelRule } from '../registry/policies.js';
import type { Source } from '../registry/source.js';
import { covers } from './match-covers.js';

interface Candidate {
  /** Of the rule: its name, or `http[2]`. */
  readonly name: string;
  readonly index: number;
  readonly match: HttpMatchObject | undefined;
  readonly source: Source;
}

/** Rules, or single matches of them, that an earlier one leaves no request (WEIR0108). */
export function checkReach(model: Model): Problem[] {
  return model.policies.virtualServices.flatMap(({ rules }) => findUnreached(rules));
}

function findUnreached(rules: readonly ModelRule[]): Problem[] {
  const problems: Problem[] = [];
  const earlier: Candidate[] = [];
  for (const candidate of rules.flatMap(candidatesOf)) {
    const by = earlier.find(({ match }) => covers(match, candidate.match));
    if (by !== undefined) problems.push(unreached(candidate, by));
    earlier.push(candidate);
  }
  return problems;
}

function candidatesOf({ name, index, matches, source }: ModelRule): readonly Candidate[] {
  if (matches.length === 0) return [{ name, index, match: undefined, source }];
  return matches.map((each) => ({ name, index, match: each.spec, source: each.source }));
}

function unreached({ name, index, source }: Candidate, by: Candidate): Problem {
  const { file, line, object } = source;
  const place = by.source.file === file ? `line ${by.source.line}` : `${by.source.file}:${by.source.line}`;
  const message = `no request gets to rule ${JSON.stringify(name)}, because rule ${JSON.stringify(by.name)} at ${place} takes all that this one is for; put this one before it, or take it out`;
  const field = `spec.http[${index}]`;
  return { severity: 'warning', code: 'WEIR0108', file, line, column: 1, field, object, message };
}
