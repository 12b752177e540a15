/** What a request is about, by its path and method, as the real server's RequestInfo. */
export interface RequestInfo {
  /** `get list watch create update patch delete deletecollection`. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** `''`: in all namespaces, or of a kind without. */
  readonly namespace: string;
  readonly plural: string;
  /** `''`: the collection. */
  readonly name: string;
  readonly subresource: string;
}

/** Undefined when the path is not one of a resource. */
export function parseResourcePath(method: string, url: URL): RequestInfo | undefined {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift() ?? '';
  const first = parts[0];
  if (first === undefined) return undefined;
  let namespace = '';
  // `namespaces/x` alone is the Namespace x itself, and `namespaces/x/status` its status.
  const scoped =
    first === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '');
  if (scoped) {
    parts.shift();
    namespace = parts.shift() ?? '';
  }
  const [plural = '', name = '', ...rest] = parts;
  const subresource = rest.join('/');
  const isWatch = ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  return { verb: verbOf(method, name, isWatch), group, version, namespace, plural, name, subresource };
}

function verbOf(method: string, name: string, isWatch: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      if (isWatch) return 'watch';
      return name === '' ? 'list' : 'get';
  }
}
