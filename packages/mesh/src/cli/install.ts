import { Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';
import { installManifests, uninstallManifests } from '../install/install-manifests.js';
import { defaultInstallSettings, type InstallSettings, type Manifest } from '../install/settings.js';

interface Options extends InstallSettings {
  readonly output: 'yaml' | 'json';
}

/** `weir install`: everything that makes a cluster a mesh, for kubectl. */
export function installCommand(): Command {
  const { image, replicas, failurePolicy } = defaultInstallSettings;
  return addCommonOptions(new Command('install'))
    .description(
      'Prints what makes a cluster a mesh, for kubectl; touches nothing itself:\n' +
        '  weir install | kubectl apply -f -\n' +
        '  kubectl label namespace shop weir.dev/injection=enabled\n' +
        'after which new pods of that namespace have a sidecar. To install again is to upgrade.',
    )
    .option('--image <image>', 'the image of control plane and sidecars', image)
    .option('--replicas <number>', 'replicas of the control plane', parseReplicas, replicas)
    .option(
      '--istio-crds',
      "also the CRDs of Istio's VirtualService, DestinationRule and ServiceEntry: for a cluster that has no Istio",
      false,
    )
    .addOption(
      new Option(
        '--failure-policy <policy>',
        'whether pods of labelled namespaces wait for a control plane, or start without a sidecar, while there is none',
      )
        .choices(['Fail', 'Ignore'])
        .default(failurePolicy),
    )
    .option('--no-validate', 'lets objects in that weir analyze calls wrong')
    .action((options: Options) => print(installManifests(options), options.output));
}

/** `weir uninstall`: the same, to be deleted. */
export function uninstallCommand(): Command {
  return addCommonOptions(new Command('uninstall'))
    .description(
      "Prints what 'weir install' has installed, for kubectl to delete:\n" +
        '  weir uninstall | kubectl delete --ignore-not-found -f -\n' +
        "Istio's CRDs stay, and so do sidecars until their pods are restarted; they keep what they know.",
    )
    .action((options: Pick<Options, 'namespace' | 'output'>) =>
      print(uninstallManifests({ ...defaultInstallSettings, namespace: options.namespace }), options.output),
    );
}

function addCommonOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'the namespace of the control plane', defaultInstallSettings.namespace)
    .addOption(
      new Option('-o, --output <format>', 'what to print on stdout')
        .choices(['yaml', 'json'])
        .default('yaml'),
    );
}

function print(manifests: readonly Manifest[], output: 'yaml' | 'json'): void {
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }, undefined, 2)}\n`
      : manifests
          .map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false }))
          .join('---\n'),
  );
}

const MAX_REPLICAS = 100;

function parseReplicas(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MAX_REPLICAS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_REPLICAS}.`);
  }
  return count;
}
