import {
  type Decision,
  type ForwardDecision,
  type NoRouteDecision,
  redirectLocation,
  type RequestHash,
  rewriteHost,
  rewritePath,
} from '@weir/core';
import { grpcCodeOf } from '../../grpc/status.js';
import { type HeaderBlock, readRequest } from '../../http2/header-block.js';
import { type FieldInterner, HeaderField } from '../../http2/hpack/header-field.js';
import type { Answer } from './answer.js';
import { HeaderChanges } from './header-changes.js';
import { RequestView } from './request-view.js';

/** The decisions that a rule has made. */
type RuleDecision = Exclude<Decision, NoRouteDecision>;

const known = new WeakMap<Decision, RequestPolicy>();

/** What a decision asks for beside one endpoint of its cluster; `undefined` when that is all. */
export function policyOf(decision: Decision): RequestPolicy | undefined {
  if (decision.kind === 'no-route' || isPlain(decision)) return undefined;
  let policy = known.get(decision);
  if (policy === undefined) {
    policy = new RequestPolicy(decision);
    known.set(decision, policy);
  }
  return policy;
}

function isPlain(decision: RuleDecision): boolean {
  return (
    decision.kind === 'forward' &&
    decision.fault === undefined &&
    decision.rateLimit === undefined &&
    decision.pathRewrite === undefined &&
    decision.hostRewrite === undefined &&
    decision.mirrors.length === 0 &&
    decision.hash.length === 0 &&
    decision.requestHeaders.length === 0 &&
    decision.responseHeaders.length === 0
  );
}

/** What a rule makes of its requests and responses, with everything made once that is the same for all. */
export class RequestPolicy {
  readonly decision: RuleDecision;
  readonly #responseHeaders: HeaderChanges | undefined;
  readonly #requestHeaders: HeaderChanges | undefined = undefined;
  /** The authority that all requests get. */
  readonly #authority: HeaderField | undefined = undefined;

  constructor(decision: RuleDecision) {
    this.decision = decision;
    const { responseHeaders } = decision;
    this.#responseHeaders = responseHeaders.length > 0 ? new HeaderChanges(responseHeaders) : undefined;
    if (decision.kind !== 'forward') return;
    const { requestHeaders, hostRewrite } = decision;
    if (requestHeaders.length > 0) this.#requestHeaders = new HeaderChanges(requestHeaders);
    if (hostRewrite?.kind === 'literal') this.#authority = new HeaderField(':authority', hostRewrite.value);
  }

  /** What the rule itself answers to a request; `undefined` when an endpoint is to do it. */
  answer(request: HeaderBlock): Answer | undefined {
    const { decision } = this;
    switch (decision.kind) {
      case 'forward':
        return undefined;
      case 'redirect': {
        const { redirect, path } = decision;
        const { status } = redirect;
        const location = redirectLocation(redirect, path, new RequestView(request));
        return this.#answerWith(status, '', [new HeaderField('location', location)]);
      }
      case 'direct-response': {
        const { status, body } = decision.response;
        return this.#answerWith(status, body, []);
      }
    }
  }

  /**
   * The request as the endpoint is to get it: first its headers are changed, then its host is, then its path
   * (Envoy `RouteEntryImplBase::finalizeRequestHeaders`).
   *
   * @returns `undefined` when it is no request any more, as a rewritten path or host is not valid
   */
  changeRequest(request: HeaderBlock, interner: FieldInterner): HeaderBlock | undefined {
    const { decision } = this;
    if (decision.kind !== 'forward') return request;
    const fields = this.#requestHeaders?.apply(request.fields) ?? request.fields;
    const authority = this.#authorityOf(decision, fields, interner);
    const path = pathOf(decision, request, interner);
    if (fields === request.fields && authority === undefined && path === undefined) return request;
    return readRequest(withPseudoFields(fields, authority, path));
  }

  /** The fields of a final response as the caller is to get them, with the cookies that bind it. */
  changeResponse(fields: readonly HeaderField[], hash: RequestHash | undefined): readonly HeaderField[] {
    const changed = this.#responseHeaders?.apply(fields) ?? fields;
    if (hash === undefined || hash.setCookies.length === 0) return changed;
    return [...changed, ...hash.setCookies.map((cookie) => new HeaderField('set-cookie', cookie))];
  }

  #answerWith(httpStatus: number, text: string, fields: readonly HeaderField[]): Answer {
    return { httpStatus, grpcCode: grpcCodeOf(httpStatus), text, fields, changes: this.#responseHeaders };
  }

  #authorityOf({ hostRewrite }: ForwardDecision, fields: readonly HeaderField[], interner: FieldInterner) {
    if (this.#authority !== undefined || hostRewrite === undefined) return this.#authority;
    const changed = readRequest(fields);
    const authority = changed && rewriteHost(hostRewrite, new RequestView(changed));
    return authority === undefined ? undefined : interner.intern(':authority', authority);
  }
}

function pathOf({ pathRewrite, path }: ForwardDecision, request: HeaderBlock, interner: FieldInterner) {
  if (pathRewrite === undefined) return undefined;
  return interner.intern(':path', rewritePath(pathRewrite, path, request.path!.value));
}

/** Pseudo-header fields stay at the front (RFC 9113 8.3), and a `host` that says something else goes. */
function withPseudoFields(
  fields: readonly HeaderField[],
  authority: HeaderField | undefined,
  path: HeaderField | undefined,
): readonly HeaderField[] {
  const kept = fields.filter(
    ({ name }) =>
      !(authority !== undefined && (name === ':authority' || name === 'host')) &&
      !(path !== undefined && name === ':path'),
  );
  return [authority, path, ...kept].filter((field) => field !== undefined);
}
