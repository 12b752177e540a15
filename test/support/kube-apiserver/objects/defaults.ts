import { at, isRecord, listAt, textAt, type ApiObject, type Json } from './api-object.js';
import type { ClusterIps } from './cluster-ips.js';

/** Fills in what the real server fills in when an object is created or changed. */
export function withDefaults(object: ApiObject, ips: ClusterIps, before?: ApiObject): ApiObject {
  switch (object.kind) {
    case 'Service':
      return withServiceDefaults(object, ips, before);
    case 'Namespace':
      return {
        ...object,
        metadata: {
          ...object.metadata,
          labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
        },
        spec: { finalizers: ['kubernetes'], ...recordAt(object, 'spec') },
        status: { phase: 'Active' },
      };
    case 'Pod':
      return withPodDefaults(object, before);
    case 'CustomResourceDefinition':
      return { ...object, status: establishedStatus(object) };
    default:
      return object;
  }
}

function withServiceDefaults(object: ApiObject, ips: ClusterIps, before: ApiObject | undefined): ApiObject {
  const spec = recordAt(object, 'spec');
  const type = textAt(spec, 'type') || 'ClusterIP';
  const ports = listAt(spec, 'ports').map((port) => {
    const fields = isRecord(port) ? port : {};
    return { protocol: 'TCP', ...fields, targetPort: fields['targetPort'] ?? fields['port'] };
  });
  const base = { sessionAffinity: 'None', type, ...spec, ...(ports.length > 0 && { ports }) };
  if (type === 'ExternalName') return { ...object, spec: base, status: { loadBalancer: {} } };
  const clusterIP = textAt(spec, 'clusterIP') || textAt(before, 'spec', 'clusterIP') || ips.allocate();
  if (clusterIP !== 'None') ips.reserve(clusterIP);
  const families = [clusterIP.includes(':') ? 'IPv6' : 'IPv4'];
  return {
    ...object,
    spec: {
      internalTrafficPolicy: 'Cluster',
      ipFamilies: families,
      ipFamilyPolicy: 'SingleStack',
      ...base,
      clusterIP,
      clusterIPs: at(spec, 'clusterIPs') ?? [clusterIP],
    },
    status: at(object, 'status') ?? { loadBalancer: {} },
  };
}

function withPodDefaults(object: ApiObject, before: ApiObject | undefined): ApiObject {
  return {
    ...object,
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      ...recordAt(object, 'spec'),
    },
    status: at(before, 'status') ?? at(object, 'status') ?? { phase: 'Pending' },
  };
}

function establishedStatus({ spec }: ApiObject): Json {
  const condition = (type: string): Json => ({ type, status: 'True', reason: type, message: '' });
  const storage = listAt(spec, 'versions').find((each) => at(each, 'storage') === true);
  return {
    acceptedNames: at(spec, 'names'),
    conditions: [condition('NamesAccepted'), condition('Established')],
    storedVersions: [textAt(storage, 'name')],
  };
}

function recordAt(object: ApiObject, field: string): Json {
  const value = object[field];
  return isRecord(value) ? value : {};
}
