/**
 * What can be found wrong with a configuration, by code. Codes never change their meaning; a code that is no
 * longer used is not given away again. `docs/reference/analysis-codes.md` is made of this list.
 */
export const PROBLEM_CODES = {
  WEIR0001: 'The file cannot be read as YAML, or looks half-written.',
  WEIR0002: 'A field is unknown, missing, of the wrong type or has a value that cannot be.',
  WEIR0003: 'The kind or the API version is not one that is read, but is close to one.',
  WEIR0004: 'An object is defined twice.',
  WEIR0005: 'The object is valid and does nothing, or not all it says.',
  WEIR0006: 'A field is used that is not implemented.',
  WEIR0101: 'A destination names a host that no Service or ServiceEntry has, or that the rule cannot see.',
  WEIR0102: 'A rule or policy is for a host that no Service or ServiceEntry has, so it applies to nothing.',
  WEIR0103: 'A destination names a subset that no DestinationRule defines.',
  WEIR0104: 'A subset selects no pod.',
  WEIR0105: 'All weights of a route are zero.',
  WEIR0106: 'A destination has no such port, or has several and the route names none.',
  WEIR0107:
    'A delegate does not exist, is none, or its conditions contradict those of the rule that delegates.',
  WEIR0108: 'A rule is never reached, because an earlier one takes all its requests.',
  WEIR0109: 'The time limit of an attempt is not shorter than that of the whole call, so it never ends one.',
  WEIR0110: 'Two objects speak for one host, and only one of them counts.',
  WEIR0111: 'Retries without a number of attempts, which switches retries off.',
  WEIR0112: 'Failover between localities without outlier detection, which would tell when to fail over.',
  WEIR0113: 'A GRPCPolicy and a VirtualService both say how calls are retried.',
  WEIR0201: 'The name of a port and its appProtocol say different things.',
  WEIR0202: 'A port is used in rules and is not known to speak HTTP/2.',
  WEIR0203: 'A Service has no EndpointSlice.',
  WEIR0204: 'A port of a Service has no counterpart in its EndpointSlices.',
  WEIR0205: 'An EndpointSlice belongs to a Service that does not exist.',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;
