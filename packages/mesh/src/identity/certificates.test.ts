import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { createAuthority, isFor, issueServerCertificate, needsRotation } from './certificates.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

describe('certificates', () => {
  it('are signed by the authority, for the names asked for and the time asked for', async () => {
    const authority = await createAuthority('weir webhook', NOW, 10 * DAY);
    const names = ['weir-control.weir-system.svc', 'weir-control'];
    const { certificate, privateKey } = await issueServerCertificate(authority, names, NOW, 5 * DAY);
    const read = new X509Certificate(certificate);
    const issuer = new X509Certificate(authority.certificate);
    assert.ok(read.verify(issuer.publicKey));
    assert.ok(read.checkIssued(issuer));
    assert.equal(Date.parse(read.validTo), NOW + 5 * DAY);
    assert.ok(isFor(certificate, names));
    assert.ok(!isFor(certificate, ['other']));
    assert.match(privateKey, /^-----BEGIN PRIVATE KEY-----\n/);
  });

  it('do not outlive the authority', async () => {
    const authority = await createAuthority('weir webhook', NOW, 2 * DAY);
    const { certificate } = await issueServerCertificate(authority, ['a.b'], NOW, 5 * DAY);
    assert.equal(Date.parse(new X509Certificate(certificate).validTo), NOW + 2 * DAY);
  });

  it('are to be rotated when a third of their time is left', async () => {
    const { certificate } = await createAuthority('weir webhook', NOW, 30 * DAY);
    assert.ok(!needsRotation(certificate, NOW + 19 * DAY));
    assert.ok(needsRotation(certificate, NOW + 21 * DAY));
    assert.ok(needsRotation('no certificate', NOW));
  });
});
