import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ForwardAction, RouteDescription } from '@weir/core';
import { FieldInterner, HeaderField } from '../../http2/hpack/header-field.js';
import { callOnce, forwardRoute, rigWithRoutes } from './policy-rig.test.support.js';
import { HeaderChanges } from './header-changes.js';
import { policyOf, RequestPolicy } from './request-policy.js';
import { assertNothingHeld } from './relay-rig.test.support.js';
import { readRequest } from '../../http2/header-block.js';

const PLAIN = { 'content-type': undefined, ':method': 'GET' };

function requestOf(rewrites: Partial<ForwardAction>, fields: Record<string, string | undefined> = {}) {
  const match: RouteDescription['match'] = {
    path: { kind: 'prefix', value: '/helloworld.' },
    headers: [],
  };
  const rig = rigWithRoutes([forwardRoute({ match }, rewrites)]);
  const { request, call } = callOnce(rig, fields);
  assertNothingHeld(rig);
  return { seen: request?.headers, call };
}

describe('the header operations of a route', () => {
  const requestHeaders = [
    { kind: 'remove', name: 'x-secret' },
    { kind: 'set', name: 'x-version', value: '2' },
    { kind: 'add', name: 'x-more', value: 'yes' },
  ] as const;

  it('change requests on their way to the endpoint', () => {
    const rig = rigWithRoutes([forwardRoute({ requestHeaders })]);
    const { request } = callOnce(rig, { 'x-secret': 'a', 'x-version': '1' });
    assert.equal(request?.headers?.['x-secret'], undefined);
    assert.equal(request?.headers?.['x-version'], '2');
    assert.equal(request?.headers?.['x-more'], 'yes');
    assertNothingHeld(rig);
  });

  it('change responses on their way to the caller, and no informational ones', () => {
    const responseHeaders = [{ kind: 'set', name: 'x-by', value: 'weir' }] as const;
    const rig = rigWithRoutes([forwardRoute({ responseHeaders })]);
    const [endpoint] = rig.endpoints;
    endpoint!.onCall = (request) => request.sendHeaders({ ':status': '103', link: '<a>' }).respond();
    const call = rig.connect().peer.call({}, true);
    rig.settle();
    assert.deepEqual(call.informational, { ':status': '103', link: '<a>' });
    assert.equal(call.headers?.['x-by'], 'weir');
    assert.equal(call.trailers?.['x-by'], undefined);
    assert.equal(call.status, '0');
  });

  it('of one destination count for its requests alone', () => {
    const clusters = [{ cluster: 'echo', weight: 1, requestHeaders }];
    const rig = rigWithRoutes([forwardRoute({}, { clusters })]);
    assert.equal(callOnce(rig).request?.headers?.['x-version'], '2');
  });

  it('put the same field into every request, and leave a request alone that has nothing to change', () => {
    const changes = new HeaderChanges(requestHeaders);
    const fields = [new HeaderField(':path', '/')];
    assert.equal(changes.apply(fields)[1], changes.apply(fields)[1]);
    const remove = new HeaderChanges([{ kind: 'set-if-present', name: 'x', value: 'y' }]);
    assert.equal(remove.apply(fields), fields);
  });
});

describe('a rewrite', () => {
  const path = '/helloworld.Greeter/SayHello';

  it('replaces the prefix that the route has matched', () => {
    const { seen } = requestOf(
      { pathRewrite: { kind: 'prefix', value: '/hi.' } },
      { ':path': `${path}?a=1` },
    );
    assert.equal(seen?.[':path'], '/hi.Greeter/SayHello?a=1');
  });

  it('replaces what a regular expression finds in the path', () => {
    const pattern = {
      source: 'Greeter',
      replaceAll: (text: string, by: string) => text.replaceAll('Greeter', by),
    };
    const { seen } = requestOf({ pathRewrite: { kind: 'regex', pattern, substitution: 'Waiter' } });
    assert.equal(seen?.[':path'], '/helloworld.Waiter/SayHello');
  });

  it('replaces the authority, wherever the caller has put it', () => {
    const hostRewrite = { kind: 'literal', value: 'other:1' } as const;
    assert.equal(requestOf({ hostRewrite }).seen?.[':authority'], 'other:1');
    const { seen } = requestOf({ hostRewrite }, { ':authority': undefined, host: 'echo:50051' });
    assert.equal(seen?.[':authority'], 'other:1');
    assert.equal(seen?.['host'], undefined);
  });

  it('takes the authority from a header, if it is there', () => {
    const hostRewrite = { kind: 'header', name: 'X-Host' } as const;
    assert.equal(requestOf({ hostRewrite }, { 'x-host': 'other:1' }).seen?.[':authority'], 'other:1');
    assert.equal(requestOf({ hostRewrite }).seen?.[':authority'], 'echo:50051');
  });

  it('that makes of a request what is none is answered and not sent', () => {
    const { seen, call } = requestOf({ pathRewrite: { kind: 'prefix', value: 'no slash' } });
    assert.equal(seen, undefined);
    assert.equal(call.status, '13');
  });
});

describe('a redirect', () => {
  const action = { kind: 'redirect', status: 302, host: 'elsewhere', path: undefined } as const;
  const redirect = { kind: action.kind, status: action.status, host: action.host };

  it('tells the caller where to go', () => {
    const rig = rigWithRoutes([forwardRoute({ action: redirect })]);
    const { call, request } = callOnce(rig, PLAIN);
    assert.equal(call.headers?.[':status'], '302');
    assert.equal(call.headers?.['location'], 'http://elsewhere/helloworld.Greeter/SayHello');
    assert.ok(call.ended);
    assert.equal(request, undefined);
    assert.equal(rig.counters.repliesRoute, 1);
    assertNothingHeld(rig);
  });

  it('is UNKNOWN to gRPC, and says where all the same', () => {
    const { call } = callOnce(rigWithRoutes([forwardRoute({ action: redirect })]));
    assert.equal(call.status, '2');
    assert.equal(call.headers?.['location'], 'http://elsewhere/helloworld.Greeter/SayHello');
  });
});

describe('a direct response', () => {
  const action = { kind: 'direct-response', status: 503, body: 'closed on Sundays' } as const;
  const responseHeaders = [{ kind: 'add', name: 'x-day', value: 'Sunday' }] as const;

  it('has the status, the body and the headers of the route', () => {
    const rig = rigWithRoutes([forwardRoute({ action, responseHeaders })]);
    const { call } = callOnce(rig, PLAIN);
    assert.equal(call.headers?.[':status'], '503');
    assert.equal(call.headers?.['content-length'], '17');
    assert.equal(call.headers?.['x-day'], 'Sunday');
    assert.equal(call.body.toString(), 'closed on Sundays');
    assert.ok(call.ended);
    assertNothingHeld(rig);
  });

  it('has no body for HEAD', () => {
    const { call } = callOnce(rigWithRoutes([forwardRoute({ action })]), { ...PLAIN, ':method': 'HEAD' });
    assert.equal(call.headers?.['content-length'], '17');
    assert.ok(call.ended);
    assert.equal(call.body.length, 0);
  });

  it('is a gRPC status to gRPC', () => {
    const { call } = callOnce(rigWithRoutes([forwardRoute({ action })]));
    assert.equal(call.status, '14');
    assert.equal(call.message, 'closed on Sundays');
    assert.equal(call.headers?.[':status'], '200');
  });
});

describe('the policy of a decision', () => {
  const decision = {
    kind: 'forward',
    routeName: '',
    virtualHost: '',
    path: { kind: 'prefix', value: '/' },
    responseHeaders: [],
    requestHeaders: [],
    fault: undefined,
    rateLimit: undefined,
    cluster: 'echo',
    timeoutMs: 0,
    maxGrpcTimeoutMs: 0,
    maxStreamDurationMs: 0,
    idleTimeoutMs: 0,
    retry: undefined,
    hedging: undefined,
    mirrors: [],
    pathRewrite: undefined,
    hostRewrite: undefined,
    hash: [],
  } as const;

  it('is none when it only says where to send a request', () => {
    assert.equal(policyOf(decision), undefined);
  });

  it('is made once', () => {
    const rich = { ...decision, hash: [{ kind: 'source-ip' }] } as const;
    assert.ok(policyOf(rich) !== undefined);
    assert.equal(policyOf(rich), policyOf(rich));
  });

  it('leaves a request as it is that it has nothing to change in', () => {
    const fields = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a' };
    const request = readRequest(Object.entries(fields).map(([name, value]) => new HeaderField(name, value)))!;
    assert.equal(new RequestPolicy(decision).changeRequest(request, new FieldInterner()), request);
  });
});
