import { REVIEWS } from '../access/reviews.js';
import type { Json } from '../objects/api-object.js';
import { apiVersionOf, type ResourceType } from '../objects/resource-type.js';
import type { TypeRegistry } from '../objects/type-registry.js';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Answers what the server has; undefined when the path is not one of discovery. */
export function answerDiscovery(path: string, types: TypeRegistry, address: string): Json | undefined {
  switch (path) {
    case '/version':
      return {
        major: '1',
        minor: '32',
        gitVersion: 'v1.32.0+weir-test',
        gitCommit: '',
        gitTreeState: 'clean',
        buildDate: '2025-01-01T00:00:00Z',
        goVersion: '',
        compiler: '',
        platform: 'linux/amd64',
      };
    case '/api':
      return {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
      };
    case '/apis':
      return {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: groupsOf(types).map((group) => groupOf(types, group)),
      };
    case '/openapi/v3':
      return openApiRoot(types);
  }
  const openApi = /^\/openapi\/v3\/(api\/v1|apis\/[^/]+\/[^/]+)$/.exec(path);
  if (openApi !== null) return openApiOf(types, openApi[1] ?? '');
  const [, group = '', version] = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (path === '/api/v1') return resourceList(types, '', 'v1');
  if (group === '' || !groupsOf(types).includes(group)) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(types, group) };
  return versionsOf(types, group).includes(version) ? resourceList(types, group, version) : undefined;
}

function groupsOf(types: TypeRegistry): string[] {
  const reviews = [...REVIEWS.keys()].map((key) => key.slice(0, key.indexOf('/')));
  return [...new Set([...types.all.map(({ group }) => group), ...reviews])].filter((group) => group !== '');
}

function versionsOf(types: TypeRegistry, group: string): readonly string[] {
  const versions = types.all.filter((type) => type.group === group).flatMap((type) => type.versions);
  return versions.length === 0 ? ['v1'] : [...new Set(versions)];
}

function groupOf(types: TypeRegistry, group: string): Json {
  const versions = versionsOf(types, group).map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceList(types: TypeRegistry, group: string, version: string): Json {
  const stored = types.all.filter((type) => type.group === group && type.versions.includes(version));
  const reviews = [...REVIEWS].filter(([key]) => key.startsWith(`${group}/`));
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group }, version),
    resources: [
      ...stored.flatMap(resourcesOf),
      ...reviews.map(([key, kind]) => {
        const name = key.slice(key.indexOf('/') + 1);
        return { name, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] };
      }),
    ],
  };
}

function resourcesOf(type: ResourceType): Json[] {
  const { plural, singular, namespaced, kind, shortNames } = type;
  const main = { name: plural, singularName: singular, namespaced, kind, verbs: VERBS, shortNames };
  const sub = (name: string, of: string): Json => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: of,
    verbs: ['get', 'patch', 'update'],
  });
  const scale = { ...sub('scale', 'Scale'), group: 'autoscaling', version: 'v1' };
  return [main, ...(type.hasStatus ? [sub('status', kind)] : []), ...(type.hasScale ? [scale] : [])];
}

function openApiRoot(types: TypeRegistry): Json {
  const groupVersions = types.all.flatMap((type) =>
    type.versions.map((version) => apiVersionOf(type, version)),
  );
  const paths = [...new Set(groupVersions)].map((each) => (each === 'v1' ? 'api/v1' : `apis/${each}`));
  return {
    paths: Object.fromEntries(paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])),
  };
}

/** No more than kubectl needs to see that the server validates fields itself. */
function openApiOf(types: TypeRegistry, path: string): Json {
  const fields = ['dryRun', 'fieldManager', 'fieldValidation', 'force'];
  const parameters = fields.map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
  const operations = types.all.flatMap((type) =>
    type.versions
      .filter((version) => path === (type.group === '' ? `api/${version}` : `apis/${type.group}/${version}`))
      .map((version) => {
        const place = type.namespaced ? 'namespaces/{namespace}/' : '';
        const gvk = { group: type.group, version, kind: type.kind };
        const patch = { parameters, 'x-kubernetes-group-version-kind': gvk, responses: {} };
        return [`/${path}/${place}${type.plural}/{name}`, { patch }];
      }),
  );
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.fromEntries(operations) as Json,
    components: { schemas: {} },
  };
}
