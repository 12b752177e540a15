import * as z from 'zod';
import { destination } from './destination.js';
import { httpRoute } from './http-route.js';
import { exportTo, istioNetworkingApi, istioStatus } from './istio-object.js';
import { objectMeta, portNumber, stringMap } from './metadata.js';

const connectionDestination = z.strictObject({ destination, weight: z.int().min(0).optional() });

/** Istio `TLSRoute` and `TCPRoute`, for connections that pass through Weir untouched. */
const tlsRoute = z.strictObject({
  match: z.array(
    z.strictObject({
      destinationSubnets: z.array(z.string()).optional(),
      gateways: z.array(z.string()).optional(),
      port: portNumber.optional(),
      sniHosts: z.array(z.string()),
      sourceLabels: stringMap.optional(),
      sourceNamespace: z.string().optional(),
    }),
  ),
  route: z.array(connectionDestination).optional(),
});

const tcpRoute = z.strictObject({
  match: z
    .array(
      z.strictObject({
        destinationSubnets: z.array(z.string()).optional(),
        gateways: z.array(z.string()).optional(),
        port: portNumber.optional(),
        sourceLabels: stringMap.optional(),
        sourceNamespace: z.string().optional(),
        sourceSubnet: z.string().optional(),
      }),
    )
    .optional(),
  route: z.array(connectionDestination).optional(),
});

export const virtualServiceSpec = z.strictObject({
  exportTo: exportTo.optional(),
  gateways: z.array(z.string().min(1)).optional(),
  /** None in a delegate. */
  hosts: z.array(z.string().min(1)).default([]),
  http: z.array(httpRoute).default([]),
  tcp: z.array(tcpRoute).optional(),
  tls: z.array(tlsRoute).optional(),
});

/** Istio `networking.istio.io` VirtualService, all fields of istio/api as of July 2026. */
export const virtualServiceSchema = z
  .strictObject({
    apiVersion: istioNetworkingApi,
    kind: z.literal('VirtualService'),
    metadata: objectMeta,
    spec: virtualServiceSpec,
    status: istioStatus.optional(),
  })
  .superRefine(({ spec }, context) => {
    if (spec.http.length === 0 && spec.tls === undefined && spec.tcp === undefined) {
      context.addIssue({ code: 'custom', path: ['spec'], message: 'has no rules; add http' });
    }
    if (spec.hosts.length > 0) return;
    for (const [index, rule] of spec.http.entries()) {
      if (rule.delegate === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: ['spec', 'http', index, 'delegate'],
        message: 'a VirtualService without hosts is itself a delegate, and a delegate has no delegates',
      });
    }
  });

export type VirtualServiceObject = z.infer<typeof virtualServiceSchema>;
