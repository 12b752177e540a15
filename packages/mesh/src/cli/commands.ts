import type { Command } from 'commander';

/**
 * A subcommand as the help lists it. `load` imports the command and what it needs, so that one command never
 * costs the memory of another: the sidecar is measured by what it loads.
 */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every subcommand of `weir`, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'the whole story on one machine: a pinned client, cured',
    load: async () => (await import('./demo.js')).demoCommand(),
  },
  {
    name: 'run',
    summary: 'control plane and proxy in one process, no cluster needed',
    load: async () => (await import('./run.js')).runCommand(),
  },
  {
    name: 'control',
    summary: 'the control plane: reads a cluster or YAML, serves xDS',
    load: async () => (await import('./control.js')).controlCommand(),
  },
  {
    name: 'proxy',
    summary: 'the sidecar: balances each request, configured over xDS',
    load: async () => (await import('./proxy.js')).proxyCommand(),
  },
  {
    name: 'status',
    summary: 'who has which configuration, who refused it, and what they cannot do',
    load: async () => (await import('./status.js')).statusCommand(),
  },
  {
    name: 'config',
    summary: 'what a proxy holds beside what it should, as a diff',
    load: async () => (await import('./config.js')).configCommand(),
  },
  {
    name: 'bootstrap',
    summary: 'the file by which a gRPC library or Envoy finds the control plane',
    load: async () => (await import('./bootstrap.js')).bootstrapCommand(),
  },
  {
    name: 'check',
    summary: 'whether a cluster has, and allows, what the control plane needs',
    load: async () => (await import('./check.js')).checkCommand(),
  },
  {
    name: 'analyze',
    summary: 'what in a directory of YAML will not work as written',
    load: async () => (await import('./analyze.js')).analyzeCommand(),
  },
  {
    name: 'explain',
    summary: 'where a call would go, by which rule, and why not by another',
    load: async () => (await import('./explain.js')).explainCommand(),
  },
  {
    name: 'inject',
    summary: 'adds the sidecar to the pods in a file of YAML',
    load: async () => (await import('./inject.js')).injectCommand(),
  },
  {
    name: 'capture-init',
    summary: "redirects a pod's traffic to its sidecar (a step before the pod starts)",
    load: async () => (await import('./capture-init.js')).captureInitCommand(),
  },
  {
    name: 'install',
    summary: 'prints what makes a cluster a mesh, for kubectl apply',
    load: async () => (await import('./install.js')).installCommand(),
  },
  {
    name: 'uninstall',
    summary: 'prints the same for kubectl delete',
    load: async () => (await import('./install.js')).uninstallCommand(),
  },
];
