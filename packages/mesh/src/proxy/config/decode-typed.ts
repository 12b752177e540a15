import type { Any } from '../../xds/generated/google.protobuf.js';
import type { Findings } from './findings.js';

/** What stands inside an Any; adds an error and returns `undefined` when it cannot be decoded. */
export function decodeTyped<Message>(
  path: string,
  typed: Any,
  decode: (bytes: Uint8Array) => Message,
  findings: Findings,
): Message | undefined {
  try {
    return decode(typed.value ?? new Uint8Array());
  } catch (error) {
    findings.error(path, `cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
