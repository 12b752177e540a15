import type { Severity } from './problem.js';

interface CodeDescription {
  readonly finding: string;
  readonly remedy: string;
  /** What it is reported as; some findings are worse in one place than in another. */
  readonly severities: readonly Severity[];
}

function error(finding: string, remedy: string): CodeDescription {
  return { finding, remedy, severities: ['error'] };
}

function warning(finding: string, remedy: string): CodeDescription {
  return { finding, remedy, severities: ['warning'] };
}

function either(finding: string, remedy: string): CodeDescription {
  return { finding, remedy, severities: ['error', 'warning'] };
}

/**
 * What can be found wrong with a configuration, by code. Codes never change their meaning; a code that is no
 * longer used is not given away again. `docs/reference/analysis-codes.md` is made of this list.
 */
export const PROBLEM_CODES = {
  WEIR0001: error(
    'The file cannot be read as YAML, or looks half-written.',
    'Mend the syntax at the place given; end the file with a line break.',
  ),
  WEIR0002: error(
    'A field is unknown, missing, of the wrong type or has a value that cannot be.',
    'Mend the field; the message names the one that was probably meant, or the values that can be.',
  ),
  WEIR0003: error(
    'The kind or the API version is none that is read, but close to one.',
    'Write kind and apiVersion as the message suggests.',
  ),
  WEIR0004: error('An object is defined twice.', 'Keep one of the two; the first stays in force meanwhile.'),
  WEIR0005: warning(
    'The object is valid and does nothing, or not all it says.',
    'Do what the message says, or take the object out.',
  ),
  WEIR0006: either(
    'A field is used that is not implemented. It is an error where calls would be less protected than the field says.',
    'Look it up in [Istio compatibility](istio-compatibility.md), which says what to use instead, and take it out.',
  ),
  WEIR0007: warning(
    'An object is of a kind that shapes traffic and is not read.',
    'Express it with a kind that is read: [configuration](configuration.md).',
  ),
  WEIR0101: error(
    'A destination names a host that no Service or ServiceEntry has, or that the rule cannot see. Calls sent there fail with `UNAVAILABLE`.',
    'Mend the name, add the service, or export it to the namespace of the rule.',
  ),
  WEIR0102: either(
    'A rule or policy is for a host that no Service or ServiceEntry has, so it applies to nothing.',
    'Mend the name or add the service.',
  ),
  WEIR0103: error(
    'A destination names a subset that no DestinationRule defines. Calls sent there fail with `UNAVAILABLE`.',
    'Define the subset before a rule sends calls to it.',
  ),
  WEIR0104: warning(
    'A subset selects no pod. Calls sent there fail with `UNAVAILABLE`.',
    'Compare its labels with those of the pods.',
  ),
  WEIR0105: error('All weights of a route are zero.', 'Give a weight to at least one destination.'),
  WEIR0106: error(
    'A destination has no such port, or has several and the rule names none.',
    'Name a port that the message lists.',
  ),
  WEIR0107: error(
    'A delegate does not exist, is none, or its conditions are not within those of the rule that delegates.',
    'Mend the name, take out the hosts of the delegate, or narrow its conditions.',
  ),
  WEIR0108: warning(
    'A rule is never reached, because an earlier one takes all its requests: the first that matches counts.',
    'Put the narrower rule first.',
  ),
  WEIR0109: warning(
    'The time limit of an attempt is not shorter than that of the whole call, so it never ends one.',
    'Shorten `perTryTimeout` or lengthen `timeout`.',
  ),
  WEIR0110: either(
    'Two objects speak for one host, and only one of them counts.',
    'Put them together, or export them to different namespaces.',
  ),
  WEIR0111: warning(
    'Retries without a number of attempts, which switches retries off.',
    'Add `attempts`, or write `attempts: 0` to say so.',
  ),
  WEIR0112: warning(
    'Failover between localities without outlier detection, which would tell when to fail over.',
    'Add `outlierDetection` to the same traffic policy.',
  ),
  WEIR0113: warning(
    'A GRPCPolicy and a VirtualService both say how calls are retried; the GRPCPolicy counts.',
    'Take one of them out.',
  ),
  WEIR0201: warning(
    'The name of a port and its appProtocol say different things; appProtocol counts.',
    'Make them agree.',
  ),
  WEIR0202: warning(
    'A port that rules are written for is not known to speak HTTP/2.',
    'Name it `grpc` or `grpc-…`, or set `appProtocol: grpc`.',
  ),
  WEIR0203: warning(
    'A Service has no EndpointSlice.',
    'Add one with the label `kubernetes.io/service-name`, or mend the label.',
  ),
  WEIR0204: warning(
    'A port of a Service has no counterpart in its EndpointSlices.',
    'Give the port the same name in both.',
  ),
  WEIR0205: warning(
    'An EndpointSlice belongs to a Service that does not exist.',
    'Add the Service, or mend the label `kubernetes.io/service-name`.',
  ),
} as const satisfies Readonly<Record<string, CodeDescription>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** The table of all codes in Markdown. */
export function formatCodes(): string {
  const rows = Object.entries(PROBLEM_CODES).map(
    ([code, { severities, finding, remedy }]) =>
      `| ${code} | ${severities.join(', ')} | ${finding} | ${remedy} |`,
  );
  return ['| code | severity | finding | what to do |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
