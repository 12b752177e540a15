import type { Command } from 'commander';

/** A subcommand as the help lists it; `load` imports the command itself, and only then what it needs. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/**
 * Imports `./<name>.js` and calls the `<name>Command()` it exports. The path is computed, so that one command never
 * costs the memory of another: the sidecar is measured by what it loads.
 */
async function importCommand(name: string): Promise<Command> {
  const module = (await import(`./${name}.js`)) as Readonly<Record<string, () => Command>>;
  const create = module[`${name}Command`];
  if (create === undefined) throw new TypeError(`cli/${name}.js does not export ${name}Command`);
  return create();
}

function entry(name: string, summary: string): CommandEntry {
  return { name, summary, load: () => importCommand(name) };
}

/** Every subcommand of `weir`, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  entry('demo', 'the whole story on one machine: a pinned client, cured'),
  entry('run', 'control plane and proxy in one process, no cluster needed'),
  entry('control', 'the control plane: reads Kubernetes YAML, serves xDS'),
  entry('proxy', 'the sidecar: balances each request, configured over xDS'),
];
