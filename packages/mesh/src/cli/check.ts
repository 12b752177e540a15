import { Command, InvalidArgumentError, Option } from 'commander';
import { KubeApiError } from '@weir/core/kube';
import { ClusterAccessError } from '../kube/api/access/cluster-access.js';
import { openAccess } from '../kube/api/access/open-access.js';
import { ApiConnection } from '../kube/api/api-connection.js';
import { checkCluster } from '../kube/api/check/check-cluster.js';
import type { CheckFinding } from '../kube/api/check/finding.js';
import type { Subject } from '../kube/api/check/review-access.js';
import { systemClock } from '../system/clock.js';
import { contextOption, kubeconfigOption } from './cluster-options.js';
import { outputOption, printJsonLine, type OutputFormat } from './output.js';

interface CheckOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly serviceAccount?: Subject;
  readonly output: OutputFormat;
}

/** `weir check`: whether a cluster has, and allows, what the control plane needs. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Asks the API server of a cluster for everything the control plane needs: its version, the kinds it has, and\n' +
        'the permissions one by one; says what is missing and what to add. Ends with 1 when something is missing\n' +
        'without which it cannot work, with 2 when the cluster cannot be asked.',
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option('--namespace <name>', 'the one namespace the control plane reads; default: all'))
    .addOption(
      new Option(
        '--service-account <namespace/name>',
        'look at the permissions of this ServiceAccount instead of your own',
      ).argParser(parseSubject),
    )
    .addOption(outputOption())
    .action((options: CheckOptions) => check(options));
}

async function check(options: CheckOptions): Promise<void> {
  const { kubeconfig, context, namespace, serviceAccount: subject, output } = options;
  let connection: ApiConnection | undefined;
  let findings: readonly CheckFinding[];
  let server: string;
  try {
    const access = await openAccess({ kubeconfig, context, clock: systemClock, environment: process.env });
    server = access.server.origin;
    const opened = new ApiConnection(access);
    connection = opened;
    findings = await checkCluster({ call: (call) => opened.call(call), subject, namespace });
  } catch (error) {
    if (!(error instanceof ClusterAccessError || error instanceof KubeApiError)) throw error;
    process.stderr.write(`weir: ${error.message}\n`);
    process.exitCode = 2;
    return;
  } finally {
    connection?.destroy();
  }
  const count = (result: CheckFinding['result']): number =>
    findings.filter((finding) => finding.result === result).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (output === 'json') {
    printJsonLine({ server, errors, warnings, findings });
  } else {
    for (const finding of findings) process.stdout.write(`${formatFinding(finding)}\n`);
    process.stdout.write(`${server}: ${errors} errors, ${warnings} warnings\n`);
  }
  if (errors > 0) process.exitCode = 1;
}

const WORDS = { ok: 'ok   ', warning: 'WARN ', error: 'ERROR' } as const;

function formatFinding({ check: what, result, message }: CheckFinding): string {
  return `${WORDS[result]} ${what}: ${message}`;
}

function parseSubject(text: string): Subject {
  const [namespace = '', name = '', ...more] = text.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw new InvalidArgumentError('write it as namespace/name.');
  return { namespace, name };
}
