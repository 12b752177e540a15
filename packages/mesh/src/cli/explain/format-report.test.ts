import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatReport } from './format-report.js';
import type { ExplainedDestination, ExplainedMatch, ExplainReport } from '../../proxy/explain/report.js';

const inFile = (line: number) => ({ file: 'a.yaml', line, object: 'VirtualService default/greeter' });

const destination: ExplainedDestination = {
  cluster: 'outbound|50051|v1|greeter.default.svc.cluster.local',
  weight: 2,
  share: 2 / 3,
  source: inFile(20),
  service: 'greeter.default.svc.cluster.local',
  port: 50051,
  subset: 'v1',
  missing: '',
  endpoints: [
    {
      address: '10.0.0.7:50051',
      pod: 'greeter-a',
      health: 'healthy',
      locality: 'eu/a/',
      weight: 3,
      priority: 1,
    },
    { address: '10.0.0.18:50051', pod: '', health: 'draining', locality: '', weight: 1, priority: 0 },
  ],
  limits: [{ name: 'connect-timeout', value: '5000 ms', source: undefined }],
  withoutEffect: [],
};

const matched: ExplainedMatch = {
  index: 1,
  name: 'canary',
  source: inFile(12),
  conditions: ['path must be "/a.B/C"'],
  action: 'forward',
  answer: '',
  destinations: [destination],
  settings: [
    { name: 'timeout', value: '300 ms', from: 'route', cluster: undefined, source: inFile(14) },
    {
      name: 'request-headers',
      value: 'set x-version',
      from: 'cluster',
      cluster: destination.cluster,
      source: inFile(20),
    },
  ],
  withoutEffect: [],
};

const report: ExplainReport = {
  authority: 'greeter:50051',
  path: '/a.B/C',
  routed: true,
  reason: '',
  virtualHost: {
    name: 'greeter.default.svc.cluster.local:50051',
    domain: 'greeter:50051',
    source: undefined,
  },
  passedOver: [
    { index: 0, name: '', source: inFile(8), because: 'header version is missing; it must be "200"' },
  ],
  matched,
  errors: [],
};

const withDestination = (change: Partial<ExplainedDestination>): ExplainReport => ({
  ...report,
  matched: { ...matched, destinations: [{ ...destination, ...change }] },
});

describe('an explanation for people', () => {
  it('tells rules, destinations with their endpoints, and settings, each with its place', () => {
    assert.equal(
      formatReport(report),
      `call to greeter:50051 /a.B/C
  is one to greeter.default.svc.cluster.local:50051, found by greeter:50051

rules that do not match
  1. without a name, VirtualService default/greeter (a.yaml:8)
     header version is missing; it must be "200"

rule that matches
  2. canary, VirtualService default/greeter (a.yaml:12)
     path must be "/a.B/C"

destinations
  66.67% to greeter.default.svc.cluster.local:50051, subset v1
    VirtualService default/greeter (a.yaml:20)
    10.0.0.7:50051   healthy    pod greeter-a, eu/a/, weight 3, priority 1
    10.0.0.18:50051  draining
    connect-timeout         5000 ms; default

in force
  timeout                 300 ms; VirtualService default/greeter (a.yaml:14)
  request-headers         set x-version (subset v1 alone); VirtualService
                          default/greeter (a.yaml:20)
  retry                   only of what provably was not processed; default
`,
    );
  });

  it('says why a call has no route', () => {
    const text = formatReport({ ...report, routed: false, reason: 'no rule matches', matched: undefined });
    assert.match(text, /^NO ROUTE: no rule matches$/m);
    assert.doesNotMatch(text, /rule that matches|destinations|in force/);
  });

  it('says that there is nothing behind a destination, and why', () => {
    const text = formatReport(withDestination({ missing: 'no host x', endpoints: [] }));
    assert.match(text, /^ {4}NOTHING BEHIND IT: no host x$/m);
    assert.doesNotMatch(text, /NO HEALTHY ENDPOINT/);
  });

  it('says that no endpoint takes calls', () => {
    const text = formatReport(withDestination({ endpoints: destination.endpoints.slice(1) }));
    assert.match(text, /^ {4}NO HEALTHY ENDPOINT: calls that go here fail$/m);
  });

  it('says what is written and has no effect, and what is wrong', () => {
    const text = formatReport({ ...withDestination({ withoutEffect: ['a.b'] }), errors: ['b.yaml:1:1: c'] });
    assert.match(text, /^ {4}without effect: a\.b$/m);
    const ofRule = formatReport({ ...report, matched: { ...matched, withoutEffect: ['c.d'] } });
    assert.match(ofRule, /^ {2}without effect: c\.d$/m);
    assert.match(text, /^ {2}b\.yaml:1:1: c$/m);
  });

  it('says what a rule answers by itself', () => {
    const answering = {
      action: 'direct-response',
      answer: 'status 503',
      destinations: [],
      settings: [],
    } as const;
    const text = formatReport({ ...report, matched: { ...matched, ...answering } });
    assert.match(text, /^ {5}answers by itself: direct-response, status 503$/m);
    assert.doesNotMatch(text, /destinations|in force/);
  });

  it('stays within 80 columns where words allow it', () => {
    const because = Array.from({ length: 40 }, () => 'word').join(' ');
    const text = formatReport({ ...report, passedOver: [{ ...report.passedOver[0]!, because }] });
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
    assert.equal(text.match(/\bword\b/g)?.length, 40);
  });
});
