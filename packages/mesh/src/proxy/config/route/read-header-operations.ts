import type { HeaderOperation } from '@weir/core';
import type { HeaderValueOption } from '../../../xds/generated/envoy.config.core.v3.js';
import type { Findings } from '../findings.js';

const OPTION_FIELDS = new Set(['header', 'append', 'appendAction', 'keepEmptyValue']);
const REMOVABLE = /^[^:]/;

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
  return { kind: kindOf(option), name: key.toLowerCase(), value };
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
