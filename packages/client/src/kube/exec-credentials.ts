import { execFile } from 'node:child_process';
import { parseWallMs } from '../system.js';
import type { Credentials } from './cluster-access.js';

/** `users[].user.exec` of a kubeconfig: a program that knows the credentials. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
}

/** Programs that need a person take longer; without one they should not. */
const TIMEOUT_MS = 60_000;
/** So long before they expire credentials are fetched anew. */
const EARLY_MS = 30_000;

interface ExecCredential {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

/**
 * Credentials from a program, kept until they expire or are refused (client.authentication.k8s.io `ExecCredential`).
 *
 * @param wallMs milliseconds since the epoch
 */
export function execCredentials(
  plugin: ExecPlugin,
  wallMs: () => number,
): (isRefused: boolean) => Promise<Credentials> {
  let kept: { readonly credentials: Credentials; readonly untilMs: number } | undefined;
  return async (isRefused) => {
    if (!isRefused && kept !== undefined && wallMs() < kept.untilMs) return kept.credentials;
    const { status } = await run(plugin);
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status ?? {};
    if (token === undefined && cert === undefined) {
      throw new Error(`${plugin.command} gave neither a token nor a certificate`);
    }
    const untilMs =
      expirationTimestamp === undefined ? Infinity : parseWallMs(expirationTimestamp) - EARLY_MS;
    const authorization = token === undefined ? undefined : `Bearer ${token}`;
    kept = { credentials: { authorization, cert, key }, untilMs };
    return kept.credentials;
  };
}

function run({ command, args, env, apiVersion }: ExecPlugin): Promise<ExecCredential> {
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const environment = { ...process.env, ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { env: environment, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(`${command} failed: ${stderr.trim() || error.message}`));
      try {
        resolve(JSON.parse(stdout) as ExecCredential);
      } catch {
        reject(new Error(`${command} did not print an ExecCredential`));
      }
    });
  });
}
