import type { RedirectObject } from '../../../kube/resources/http-route.js';
import type { RedirectAction } from '../../../xds/generated/envoy.config.route.v3.js';

const CODES: Readonly<Record<number, NonNullable<RedirectAction['responseCode']>>> = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
};

/** @param port of the listener: `FROM_REQUEST_PORT` is known to be this one */
export function translateRedirect(redirect: RedirectObject, port: number): RedirectAction {
  const { uri, prefixRewrite, authority, scheme, redirectCode = 301, derivePort } = redirect;
  const toPort = redirect.port ?? (derivePort === 'FROM_REQUEST_PORT' ? port : undefined);
  return {
    responseCode: CODES[redirectCode],
    ...(uri !== undefined && { pathRedirect: uri }),
    ...(prefixRewrite !== undefined && { prefixRewrite }),
    ...(authority !== undefined && { hostRedirect: authority }),
    ...(scheme !== undefined && { schemeRedirect: scheme }),
    ...(toPort !== undefined && { portRedirect: toPort }),
  };
}
