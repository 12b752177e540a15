import { loadPackageDefinition, type MethodDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/** Where the proto files are; the compiled code lies in test/dist/interop. */
export const protoDirectory = fileURLToPath(new URL('../../interop/proto/', import.meta.url));

export type Empty = Readonly<Record<never, never>>;

export interface BoolValue {
  readonly value: boolean;
}

export interface Payload {
  readonly body: Buffer;
}

export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export interface TestOrcaReport {
  readonly cpuUtilization?: number;
  readonly memoryUtilization?: number;
  readonly requestCost?: Readonly<Record<string, number>>;
  readonly utilization?: Readonly<Record<string, number>>;
}

export interface SimpleRequest {
  readonly responseSize?: number;
  readonly payload?: Payload | null;
  readonly responseCompressed?: BoolValue | null;
  readonly responseStatus?: EchoStatus | null;
  readonly expectCompressed?: BoolValue | null;
  readonly orcaPerQueryReport?: TestOrcaReport | null;
}

export interface SimpleResponse {
  readonly payload?: Payload | null;
}

export interface StreamingInputCallRequest {
  readonly payload?: Payload | null;
  readonly expectCompressed?: BoolValue | null;
}

export interface StreamingInputCallResponse {
  readonly aggregatedPayloadSize: number;
}

export interface ResponseParameters {
  readonly size: number;
  readonly compressed?: BoolValue | null;
}

export interface StreamingOutputCallRequest {
  readonly responseParameters?: readonly ResponseParameters[];
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
  readonly orcaOobReport?: TestOrcaReport | null;
}

export interface StreamingOutputCallResponse {
  readonly payload?: Payload | null;
}

export interface OrcaLoadReport {
  readonly cpuUtilization?: number;
  readonly memUtilization?: number;
  readonly requestCost?: Readonly<Record<string, number>>;
  readonly utilization?: Readonly<Record<string, number>>;
}

export interface OrcaLoadReportRequest {
  readonly reportInterval?: { readonly seconds: number; readonly nanos: number };
}

interface Service<Methods extends ServiceDefinition> {
  readonly service: Methods;
}

interface TestMethods extends ServiceDefinition {
  readonly EmptyCall: MethodDefinition<Empty, Empty>;
  readonly UnaryCall: MethodDefinition<SimpleRequest, SimpleResponse>;
  readonly StreamingOutputCall: MethodDefinition<StreamingOutputCallRequest, StreamingOutputCallResponse>;
  readonly StreamingInputCall: MethodDefinition<StreamingInputCallRequest, StreamingInputCallResponse>;
  readonly FullDuplexCall: MethodDefinition<StreamingOutputCallRequest, StreamingOutputCallResponse>;
  readonly UnimplementedCall: MethodDefinition<Empty, Empty>;
}

interface LoadedPackage {
  readonly grpc: {
    readonly testing: {
      readonly TestService: Service<TestMethods>;
      readonly UnimplementedService: Service<
        ServiceDefinition & { readonly UnimplementedCall: MethodDefinition<Empty, Empty> }
      >;
    };
  };
  readonly xds: {
    readonly service: {
      readonly orca: {
        readonly v3: {
          readonly OpenRcaService: Service<
            ServiceDefinition & {
              readonly StreamCoreMetrics: MethodDefinition<OrcaLoadReportRequest, OrcaLoadReport>;
            }
          >;
          readonly OrcaLoadReport: MessageTypeDefinition<OrcaLoadReport, OrcaLoadReport>;
        };
      };
    };
  };
}

const { grpc, xds } = loadPackageDefinition(
  loadSync(['test.proto', 'orca.proto'], { includeDirs: [protoDirectory], longs: Number, defaults: true }),
) as unknown as LoadedPackage;

export const testService: TestMethods = grpc.testing.TestService.service;
export const unimplementedService = grpc.testing.UnimplementedService.service;
export const orcaService = xds.service.orca.v3.OpenRcaService.service;
export const orcaLoadReport = xds.service.orca.v3.OrcaLoadReport;

/** The metadata keys that a server sends back, one with the headers, one with the trailers. */
export const ECHO_INITIAL = 'x-grpc-test-echo-initial';
export const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';

/** The trailer that carries a call's load report (gRFC A51). */
export const LOAD_REPORT = 'endpoint-load-metrics-bin';

/** The body that a message of `size` bytes has in every case. */
export function zeros(size: number): Payload {
  return { body: Buffer.alloc(size) };
}
