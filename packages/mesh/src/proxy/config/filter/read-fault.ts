import type { AbortStatus, FaultPolicy } from '@weir/core';
import type { FaultDelay } from '../../../xds/generated/envoy.extensions.filters.common.fault.v3.js';
import type { FaultAbort, HTTPFault } from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { readPositiveDuration } from '../duration.js';
import type { Findings } from '../findings.js';
import { readFraction } from '../fraction.js';
import { setFields } from '../set-fields.js';

/** These say which requests are spared: without them more would be harmed than was meant. */
const REFUSED = new Set(['upstreamCluster', 'headers', 'downstreamNodes', 'maxActiveFaults']);
const FIELDS = new Set(['delay', 'abort', 'disableDownstreamClusterStats', 'filterMetadata', ...REFUSED]);

/** Reads what requests have to suffer. A share that is not written is none of them. */
export function readFault(path: string, fault: HTTPFault, findings: Findings): FaultPolicy {
  findings.unused(path, fault, FIELDS);
  findings.refuse(path, fault, REFUSED);
  return setFields({
    delay: readDelay(`${path}.delay`, fault.delay, findings),
    abort: readAbort(`${path}.abort`, fault.abort, findings),
  });
}

function readDelay(path: string, delay: FaultDelay | undefined, findings: Findings): FaultPolicy['delay'] {
  if (delay === undefined) return undefined;
  if (delay.headerDelay !== undefined) {
    findings.warn(`${path}.header_delay`, 'has no effect in this proxy: callers cannot ask for faults');
    return undefined;
  }
  const delayMs = readPositiveDuration(`${path}.fixed_delay`, delay.fixedDelay ?? {}, findings) ?? 0;
  return { delayMs, fraction: readFraction(delay.percentage) };
}

function readAbort(path: string, abort: FaultAbort | undefined, findings: Findings): FaultPolicy['abort'] {
  if (abort === undefined) return undefined;
  if (abort.headerAbort !== undefined) {
    findings.warn(`${path}.header_abort`, 'has no effect in this proxy: callers cannot ask for faults');
    return undefined;
  }
  const status = readStatus(path, abort, findings);
  return status && { status, fraction: readFraction(abort.percentage) };
}

function readStatus(
  path: string,
  { httpStatus, grpcStatus }: FaultAbort,
  findings: Findings,
): AbortStatus | undefined {
  if (grpcStatus !== undefined) {
    if (grpcStatus < 1 || grpcStatus > 16) {
      findings.error(`${path}.grpc_status`, `must be a code from 1 to 16, not ${grpcStatus}`);
    }
    return { kind: 'grpc', code: grpcStatus };
  }
  if (httpStatus === undefined || httpStatus < 200 || httpStatus > 599) {
    findings.error(`${path}.http_status`, `must be from 200 to 599, not ${httpStatus ?? 'absent'}`);
    return undefined;
  }
  return { kind: 'http', status: httpStatus };
}
