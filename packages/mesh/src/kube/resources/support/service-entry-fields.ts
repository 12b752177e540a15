import { implemented, missing, partly, type FieldSupport } from './field-support.js';

/** Every field of a ServiceEntry. */
export const SERVICE_ENTRY_FIELDS: readonly FieldSupport[] = [
  implemented('spec.hosts'),
  implemented(
    'spec.addresses',
    'An address names the host only where the entry has one host; address ranges do not.',
  ),
  implemented('spec.ports[].number'),
  implemented('spec.ports[].name'),
  implemented('spec.ports[].protocol'),
  implemented('spec.ports[].targetPort'),
  implemented(
    'spec.location',
    'Makes no difference: it tells whether mutual TLS is spoken, which is not yet.',
  ),
  partly(
    'spec.resolution',
    (value) => value !== 'STATIC',
    'only `STATIC` is implemented: give IP addresses',
    {
      reportedElsewhere: true,
    },
  ),
  implemented('spec.endpoints[].address'),
  implemented('spec.endpoints[].ports'),
  implemented('spec.endpoints[].labels'),
  implemented('spec.endpoints[].locality'),
  implemented('spec.endpoints[].weight'),
  missing('spec.endpoints[].network', 'all endpoints must be reachable directly'),
  missing('spec.endpoints[].serviceAccount', 'endpoints are spoken to in clear text in this version'),
  missing('spec.workloadSelector', 'list the addresses under `endpoints`', { reportedElsewhere: true }),
  implemented('spec.exportTo'),
  missing('spec.subjectAltNames', 'endpoints are spoken to in clear text in this version'),
];
