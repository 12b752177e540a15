import type { HeaderOperation } from '@weir/core';
import { FIELD_INVALID, HeaderField } from '../../../http2/hpack/header-field.js';
import type { HeaderValueOption } from '../../../xds/generated/envoy.config.core.v3.js';
import type { Findings } from '../findings.js';

const OPTION_FIELDS = new Set(['header', 'append', 'appendAction', 'keepEmptyValue']);
const REMOVABLE = /^[^:]/;

/** Envoy: ":-prefixed or host headers may not be modified". */
const UNTOUCHABLE = /^(:.*|host)$/;
/** They belong to one connection, and RFC 9113 8.2.2 has none of them in HTTP/2; the length is the body's own. */
const NOT_OF_HTTP2 = /^(connection|proxy-connection|keep-alive|transfer-encoding|upgrade|te|content-length)$/;

/**
 * Reads changes to headers in the order in which Envoy makes them within one level: first what is removed,
 * then what is added (`HeaderParser::evaluateHeaders`).
 *
 * @param target the fields' names begin with it: `request_headers` or `response_headers`
 */
export function readHeaderOperations(
  path: string,
  target: 'request_headers' | 'response_headers',
  toRemove: readonly string[] | undefined,
  toAdd: readonly HeaderValueOption[] | undefined,
  findings: Findings,
): readonly HeaderOperation[] | undefined {
  const removed = (toRemove ?? []).map((name, index): HeaderOperation => {
    // Envoy: ":-prefixed headers and the Host header may not be removed" (they make the request what it is).
    if (!REMOVABLE.test(name) || name.toLowerCase() === 'host') {
      findings.error(`${path}.${target}_to_remove[${index}]`, `"${name}" cannot be removed`);
    }
    return { kind: 'remove', name: name.toLowerCase() };
  });
  const added = (toAdd ?? []).map((option, index) =>
    readAddition(`${path}.${target}_to_add[${index}]`, option, findings),
  );
  const operations = [...removed, ...added.filter((operation) => operation !== undefined)];
  return operations.length > 0 ? operations : undefined;
}

function readAddition(
  path: string,
  option: HeaderValueOption,
  findings: Findings,
): HeaderOperation | undefined {
  findings.unused(path, option, OPTION_FIELDS);
  const { key = '', value: text, rawValue } = option.header ?? {};
  if (key === '') findings.error(`${path}.header.key`, 'must not be empty');
  const name = key.toLowerCase();
  if (UNTOUCHABLE.test(name)) findings.error(`${path}.header.key`, `"${key}" cannot be changed`);
  // Bytes of a header are characters from 0 to 255 here.
  const written = text ?? Buffer.from(rawValue ?? []).toString('latin1');
  if (written.replaceAll('%%', '').includes('%')) {
    findings.error(
      `${path}.header.value`,
      `"${written}": there are no %COMMANDS% in this proxy; write %% for %`,
    );
  }
  const value = written.replaceAll('%%', '%');
  // HeaderValueOption.keep_empty_value: "if value is empty ... headers with empty values are not added".
  if (value === '' && option.keepEmptyValue !== true) return undefined;
  if (NOT_OF_HTTP2.test(name)) {
    findings.warn(`${path}.header.key`, `"${key}" has no effect in this proxy, which leaves it to HTTP/2`);
    return undefined;
  }
  // RFC 9113 8.2.1: whoever gets a malformed field has to end the call.
  if (key !== '' && !UNTOUCHABLE.test(name) && new HeaderField(name, value).kind === FIELD_INVALID) {
    findings.error(`${path}.header`, `"${key}: ${value}" is not a valid header`);
  }
  return { kind: kindOf(option), name, value };
}

/** The deprecated `append` wins where it is set, as in Envoy. */
function kindOf({ append, appendAction = 'APPEND_IF_EXISTS_OR_ADD' }: HeaderValueOption) {
  if (append !== undefined) return append.value === true ? 'add' : 'set';
  switch (appendAction) {
    case 'APPEND_IF_EXISTS_OR_ADD':
      return 'add';
    case 'ADD_IF_ABSENT':
      return 'add-if-absent';
    case 'OVERWRITE_IF_EXISTS_OR_ADD':
      return 'set';
    case 'OVERWRITE_IF_EXISTS':
      return 'set-if-present';
  }
}
