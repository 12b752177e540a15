import {
  createAuthority,
  isFor,
  issueServerCertificate,
  type KeyPair,
  needsRotation,
} from '../../identity/certificates.js';

/** What the webhooks are served with, and what the API server is to trust. */
export interface WebhookIdentity {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  /** The authority before, for as long as some replica may still serve with a certificate of its own; or empty. */
  readonly previousAuthority: string;
}

const DAY_MS = 86_400_000;
const AUTHORITY_LIFETIME_MS = 365 * DAY_MS;
const SERVER_LIFETIME_MS = 90 * DAY_MS;

/** Whether an identity can go on serving under these names. */
export function isCurrent(
  { authority, server }: WebhookIdentity,
  names: readonly string[],
  nowMs: number,
): boolean {
  return (
    isFor(server.certificate, names) &&
    !needsRotation(server.certificate, nowMs) &&
    !needsRotation(authority.certificate, nowMs)
  );
}

/** A new identity, of the authority that there is if it lasts. */
export async function renew(
  before: WebhookIdentity | undefined,
  names: readonly string[],
  nowMs: number,
): Promise<WebhookIdentity> {
  const lasts = before !== undefined && !needsRotation(before.authority.certificate, nowMs);
  const authority = lasts
    ? before.authority
    : await createAuthority('weir webhooks', nowMs, AUTHORITY_LIFETIME_MS);
  return {
    authority,
    server: await issueServerCertificate(authority, names, nowMs, SERVER_LIFETIME_MS),
    previousAuthority: lasts ? before.previousAuthority : (before?.authority.certificate ?? ''),
  };
}

/** What goes into `clientConfig.caBundle`, before base64. */
export function trusted({ authority, previousAuthority }: WebhookIdentity): string {
  return authority.certificate + previousAuthority;
}

/** Names of the entries of the Secret. */
const ENTRIES = {
  authorityCertificate: 'ca.crt',
  authorityKey: 'ca.key',
  serverCertificate: 'tls.crt',
  serverKey: 'tls.key',
  previousAuthority: 'previous-ca.crt',
} as const;

/** Reads `data` of the Secret; `undefined` when there is no whole identity in it. */
export function parseIdentity(data: Readonly<Record<string, string>>): WebhookIdentity | undefined {
  const entry = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
  const identity = {
    authority: { certificate: entry(ENTRIES.authorityCertificate), privateKey: entry(ENTRIES.authorityKey) },
    server: { certificate: entry(ENTRIES.serverCertificate), privateKey: entry(ENTRIES.serverKey) },
    previousAuthority: entry(ENTRIES.previousAuthority),
  };
  const { authority, server } = identity;
  const isWhole = [authority.certificate, authority.privateKey, server.certificate, server.privateKey].every(
    (text) => text !== '',
  );
  return isWhole ? identity : undefined;
}

/** The inverse of `parseIdentity`. */
export function formatIdentity({
  authority,
  server,
  previousAuthority,
}: WebhookIdentity): Record<string, string> {
  const entries = {
    [ENTRIES.authorityCertificate]: authority.certificate,
    [ENTRIES.authorityKey]: authority.privateKey,
    [ENTRIES.serverCertificate]: server.certificate,
    [ENTRIES.serverKey]: server.privateKey,
    [ENTRIES.previousAuthority]: previousAuthority,
  };
  return Object.fromEntries(
    Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
}
