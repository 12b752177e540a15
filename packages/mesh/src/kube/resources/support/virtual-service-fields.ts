import { implemented, missing, partly, type FieldSupport } from './field-support.js';

const NOT_OF_HTTP2 =
  'Headers that belong to HTTP/2 itself, such as `connection`, `te` and `content-length`, cannot be set: the sidecar logs it and leaves them.';

const NOT_OF_HTTP1 = 'Requests of HTTP/1.1 are not mirrored.';

const NO_GATEWAYS = 'rules take effect in sidecars (`mesh`) only; there is no gateway in this version';

function namesGateways(value: unknown): boolean {
  return Array.isArray(value) && value.some((gateway) => gateway !== 'mesh');
}

/** Every field of a VirtualService. */
export const VIRTUAL_SERVICE_FIELDS: readonly FieldSupport[] = [
  implemented(
    'spec.hosts',
    'Short names are looked up in the namespace of the rule, and so are `name.namespace` and `name.namespace.svc`, which Istio takes for complete. A host that no Service or ServiceEntry has gets no routes (Istio gives it some on port 80) and is reported. As in Istio, sidecars take one VirtualService for each host; the others are reported.',
  ),
  partly('spec.gateways', namesGateways, NO_GATEWAYS),
  implemented('spec.exportTo'),
  missing('spec.tls', 'TLS connections pass through untouched'),
  missing('spec.tcp', 'connections that are not HTTP/2 pass through untouched'),
  implemented('spec.http[].name'),
  implemented('spec.http[].match[].name'),
  implemented('spec.http[].match[].uri', 'The whole path must match a `regex`, as in Istio.'),
  implemented('spec.http[].match[].ignoreUriCase'),
  implemented('spec.http[].match[].scheme'),
  implemented(
    'spec.http[].match[].method',
    'The HTTP method: `POST` for gRPC. A gRPC method is matched with `uri`.',
  ),
  implemented('spec.http[].match[].authority'),
  implemented(
    'spec.http[].match[].headers',
    '`uri`, `scheme`, `method` and `authority` as keys, which Istio ignores, are errors, and so are upper case names.',
  ),
  implemented('spec.http[].match[].withoutHeaders'),
  implemented('spec.http[].match[].queryParams'),
  implemented('spec.http[].match[].port'),
  implemented(
    'spec.http[].match[].sourceLabels',
    'By the labels that the client gives in its xDS node metadata.',
  ),
  implemented('spec.http[].match[].sourceNamespace'),
  partly('spec.http[].match[].gateways', namesGateways, NO_GATEWAYS),
  missing('spec.http[].match[].statPrefix', 'calls are counted by the names of their routes'),
  implemented('spec.http[].route[].destination'),
  implemented('spec.http[].route[].weight'),
  implemented('spec.http[].route[].headers', NOT_OF_HTTP2),
  implemented('spec.http[].redirect.uri'),
  implemented('spec.http[].redirect.prefixRewrite'),
  implemented('spec.http[].redirect.authority'),
  implemented('spec.http[].redirect.scheme'),
  implemented('spec.http[].redirect.port'),
  implemented('spec.http[].redirect.derivePort'),
  implemented('spec.http[].redirect.redirectCode'),
  implemented('spec.http[].directResponse.status'),
  implemented('spec.http[].directResponse.body.string'),
  implemented('spec.http[].directResponse.body.bytes'),
  implemented('spec.http[].delegate.name'),
  implemented('spec.http[].delegate.namespace'),
  implemented('spec.http[].rewrite.uri'),
  implemented('spec.http[].rewrite.authority'),
  implemented('spec.http[].rewrite.uriRegexRewrite.match'),
  implemented('spec.http[].rewrite.uriRegexRewrite.rewrite'),
  implemented(
    'spec.http[].timeout',
    'The shorter of this and the caller’s `grpc-timeout` counts, from the request to the end of the response, and each attempt is told what remains. `0s` means none. For streams leave it out and use a GRPCPolicy (`streamIdleTimeout`, `streamMaxAge`).',
  ),
  implemented(
    'spec.http[].retries.attempts',
    'Without `retries` only attempts that provably were not processed are made again (Istio: also those answered with `UNAVAILABLE` or `CANCELLED`). `0` leaves it at these: they reached no application.',
  ),
  implemented('spec.http[].retries.perTryTimeout'),
  implemented(
    'spec.http[].retries.retryOn',
    'A gRPC status is looked for in the headers and in the trailers of the response (Istio: in the headers only). When it is left out: `connect-failure,refused-stream,unavailable,cancelled`.',
  ),
  implemented('spec.http[].retries.backoff'),
  implemented('spec.http[].retries.retryIgnorePreviousHosts'),
  implemented(
    'spec.http[].retries.retryRemoteLocalities',
    'After two attempts the next goes to another priority of endpoints, if there is one: localities have priorities when the `localityLbSetting` of a DestinationRule gives them some.',
  ),
  implemented('spec.http[].fault.delay.fixedDelay'),
  missing('spec.http[].fault.delay.exponentialDelay', 'Istio does not implement it either; use fixedDelay'),
  implemented('spec.http[].fault.delay.percentage', 'As in Istio, nobody is delayed when it is left out.'),
  implemented('spec.http[].fault.delay.percent', 'Deprecated; `percentage` goes before it.'),
  implemented('spec.http[].fault.abort.httpStatus'),
  implemented('spec.http[].fault.abort.grpcStatus', 'Also as a number: `"14"`.'),
  missing('spec.http[].fault.abort.http2Error', 'Istio does not implement it either; use grpcStatus'),
  implemented('spec.http[].fault.abort.percentage', 'As in Istio, no call is aborted when it is left out.'),
  implemented('spec.http[].mirror', NOT_OF_HTTP1),
  implemented('spec.http[].mirrorPercentage'),
  implemented('spec.http[].mirrorPercent', 'Deprecated; `mirrorPercentage` goes before it.'),
  implemented('spec.http[].mirrors[].destination', NOT_OF_HTTP1),
  implemented('spec.http[].mirrors[].percentage'),
  implemented('spec.http[].headers', NOT_OF_HTTP2),
  missing('spec.http[].corsPolicy', 'it is for browsers, which do not call through a sidecar'),
];
