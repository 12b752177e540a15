import type { ComparedClient, ComparedResource } from '../../control/http/client-config.js';
import { diffLines, formatDiff } from './diff-lines.js';

/** Whether the client holds what it would be sent. */
export function isInSync({ heldVersion, wantedVersion }: ComparedResource): boolean {
  return heldVersion === wantedVersion;
}

/** For people: resources that are as they should be by name, the others as a diff from what is held to what is wanted. */
export function formatComparison({ node, resources }: ComparedClient, onlyDifferences: boolean): string {
  const differing = resources.filter((resource) => !isInSync(resource));
  const summary =
    differing.length === 0 ? 'all as they should be' : `${differing.length} not as they should be`;
  const lines = [`${node}: ${resources.length} resources, ${summary}`];
  for (const resource of resources) {
    const { type, name, held, wanted, refusal } = resource;
    if (isInSync(resource)) {
      if (!onlyDifferences) lines.push(`  ${type} ${name}`);
      continue;
    }
    lines.push(`  ${type} ${name}: ${whatIs(resource)}`);
    if (refusal !== undefined) lines.push(`    refused: ${refusal}`);
    lines.push(...formatDiff(diffLines(linesOf(held), linesOf(wanted))).map((line) => `    ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function whatIs({ held, wanted }: ComparedResource): string {
  if (held === undefined) return 'has not come yet (+ is what the control plane has)';
  return wanted === undefined
    ? 'is held and exists no more'
    : 'differs (- is held, + is what the control plane has)';
}

function linesOf(document: object | undefined): readonly string[] {
  return document === undefined ? [] : JSON.stringify(document, undefined, 2).split('\n');
}
