import { Option } from 'commander';

/** `--kubeconfig <file>`, shared by the commands that speak to a cluster. */
export function kubeconfigOption(): Option {
  return new Option(
    '--kubeconfig <file>',
    'how to reach the cluster; default: KUBECONFIG, else ~/.kube/config',
  );
}

/** `--context <name>`, shared likewise. */
export function contextOption(): Option {
  return new Option('--context <name>', 'the context of the kubeconfig to use, instead of its current one');
}
