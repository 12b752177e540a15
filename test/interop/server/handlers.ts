import {
  Metadata,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerErrorResponse,
  type ServerMetricRecorder,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  ECHO_INITIAL,
  ECHO_TRAILING,
  LOAD_REPORT,
  orcaLoadReport,
  zeros,
  type BoolValue,
  type EchoStatus,
  type Empty,
  type SimpleRequest,
  type SimpleResponse,
  type StreamingInputCallRequest,
  type StreamingInputCallResponse,
  type StreamingOutputCallRequest,
  type StreamingOutputCallResponse,
} from '../service.js';
import { cameCompressed } from './compressed-messages.js';

/** TestService as the descriptions' section "Server" has it; `recorder` serves the reports out of band. */
export function testHandlers(recorder: ServerMetricRecorder): UntypedServiceImplementation {
  return { EmptyCall, UnaryCall, StreamingInputCall, StreamingOutputCall, FullDuplexCall: duplex(recorder) };
}

type Failure = Partial<ServerErrorResponse>;

/** Sends the headers that the caller asks for; returns the trailers it asks for. */
function echoMetadata(call: {
  readonly metadata: Metadata;
  sendMetadata(headers: Metadata): void;
}): Metadata {
  const headers = new Metadata();
  const trailers = new Metadata();
  for (const value of call.metadata.get(ECHO_INITIAL)) headers.add(ECHO_INITIAL, value);
  for (const value of call.metadata.get(ECHO_TRAILING)) trailers.add(ECHO_TRAILING, value);
  if (headers.get(ECHO_INITIAL).length > 0) call.sendMetadata(headers);
  return trailers;
}

function wrongCompression(request: { readonly expectCompressed?: BoolValue | null }): Failure | undefined {
  const expected = request.expectCompressed?.value;
  const found = cameCompressed(request);
  if (expected === undefined || expected === found) return undefined;
  const details = `the message was ${found ? '' : 'not '}compressed`;
  return { code: status.INVALID_ARGUMENT, details };
}

function asked({ responseStatus }: { readonly responseStatus?: EchoStatus | null }): Failure | undefined {
  if (!responseStatus) return undefined;
  return { code: responseStatus.code, details: responseStatus.message };
}

function EmptyCall(_call: ServerUnaryCall<Empty, Empty>, answer: sendUnaryData<Empty>): void {
  answer(null, {});
}

function UnaryCall(
  call: ServerUnaryCall<SimpleRequest, SimpleResponse>,
  answer: sendUnaryData<SimpleResponse>,
): void {
  const { request } = call;
  const metadata = echoMetadata(call);
  const { orcaPerQueryReport: report } = request;
  if (report) {
    // grpc-js has a recorder for this too, which reads its proto files from disk anew for every call.
    const { memoryUtilization = 0, ...same } = report;
    metadata.set(LOAD_REPORT, orcaLoadReport.serialize({ ...same, memUtilization: memoryUtilization }));
  }
  const failure = asked(request) ?? wrongCompression(request);
  if (failure) answer({ ...failure, metadata });
  else answer(null, { payload: zeros(request.responseSize ?? 0) }, metadata);
}

function StreamingInputCall(
  call: ServerReadableStream<StreamingInputCallRequest, StreamingInputCallResponse>,
  answer: sendUnaryData<StreamingInputCallResponse>,
): void {
  const metadata = echoMetadata(call);
  let aggregatedPayloadSize = 0;
  let failure: Failure | undefined;
  call.on('data', (request: StreamingInputCallRequest) => {
    aggregatedPayloadSize += request.payload?.body.length ?? 0;
    failure ??= wrongCompression(request);
  });
  call.on('end', () => {
    if (failure) answer({ ...failure, metadata });
    else answer(null, { aggregatedPayloadSize }, metadata);
  });
}

function StreamingOutputCall(
  call: ServerWritableStream<StreamingOutputCallRequest, StreamingOutputCallResponse>,
): void {
  const metadata = echoMetadata(call);
  for (const { size } of call.request.responseParameters ?? []) call.write({ payload: zeros(size) });
  const failure = asked(call.request);
  if (failure) call.emit('error', { ...failure, metadata });
  else call.end(metadata);
}

function duplex(recorder: ServerMetricRecorder) {
  return (call: ServerDuplexStream<StreamingOutputCallRequest, StreamingOutputCallResponse>): void => {
    const metadata = echoMetadata(call);
    let failed = false;
    call.on('data', (request: StreamingOutputCallRequest) => {
      // "The server will not process any further messages on the stream sent by the client."
      if (failed) return;
      const { orcaOobReport: report } = request;
      if (report) {
        recorder.setCpuUtilizationMetric(report.cpuUtilization ?? 0);
        recorder.setAllUtilizationMetrics({ ...report.utilization });
      }
      for (const { size } of request.responseParameters ?? []) call.write({ payload: zeros(size) });
      const failure = asked(request);
      if (!failure) return;
      failed = true;
      call.emit('error', { ...failure, metadata });
    });
    call.on('end', () => {
      if (!failed) call.end(metadata);
    });
  };
}
