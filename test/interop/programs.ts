import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NodeProcess, ProgramProcess, repositoryRoot } from '../support/node-process.js';
import type { Library } from './matrix.js';
import { protoDirectory } from './service.js';

const python = process.env['PYTHON'] ?? '/usr/bin/python3';
const compiled = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const script = (file: string): string => join(repositoryRoot, 'test/interop/python', file);

/** Makes Python's message classes from the proto files. Throws with what to do if there is no protoc. */
export function generatePython(directory: string): void {
  const files = readdirSync(protoDirectory).filter((name) => name.endsWith('.proto'));
  try {
    execFileSync('protoc', ['-I', protoDirectory, '--python_out', directory, ...files], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (cause) {
    throw new Error('protoc does not run; scripts/install-system-tools.sh installs it', { cause });
  }
}

/** The server or client of a library, started. `generated` is where `generatePython` wrote. */
export function startProgram(
  library: Library,
  role: 'server' | 'client',
  generated: string,
  args: readonly string[] = [],
): ProgramProcess {
  if (library === 'grpc-js') return new NodeProcess([compiled(`${role}/grpc-js-main.js`), ...args]);
  return new ProgramProcess(python, [script(`${role}.py`), ...args], {
    PYTHONPATH: generated,
    PYTHONDONTWRITEBYTECODE: '1',
  });
}
