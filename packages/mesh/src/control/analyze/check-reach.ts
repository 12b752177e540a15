import type { Problem } from '../../kube/problem.js';
import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import type { Model } from '../registry/model.js';
import type { ModelRule } from '../registry/policies.js';
import type { Source } from '../registry/source.js';
import { covers } from './match-covers.js';

interface Candidate {
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
    if (by !== undefined) problems.push(unreached(candidate.source, by.source));
    earlier.push(candidate);
  }
  return problems;
}

function candidatesOf({ matches, source }: ModelRule): readonly Candidate[] {
  if (matches.length === 0) return [{ match: undefined, source }];
  return matches.map((each) => ({ match: each.spec, source: each.source }));
}

function unreached({ file, line }: Source, by: Source): Problem {
  const place = by.file === file ? `line ${by.line}` : `${by.file}:${by.line}`;
  const message = `no request gets here, because the rule at ${place} takes all that this one is for; put this one before it, or take it out`;
  return { severity: 'warning', code: 'WEIR0108', file, line, column: 1, field: '', message };
}
