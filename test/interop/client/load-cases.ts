import { status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import {
  LOAD_REPORT,
  orcaLoadReport,
  orcaService,
  testService,
  type OrcaLoadReport,
  type TestOrcaReport,
} from '../service.js';
import { callUnary, failureOf, finish, startDuplex, startServerStream, type Case } from './calls.js';
import { largeUnary } from './payload-cases.js';

const CONCURRENT_CALLS = 200;
const RPC_SOAK_ITERATIONS = 100;
const CHANNEL_SOAK_ITERATIONS = 25;
/** The descriptions' own default. */
const SOAK_ITERATION_LIMIT_MS = 1_000;

export const concurrentLargeUnary: Case = async (context) => {
  await Promise.all(Array.from({ length: CONCURRENT_CALLS }, () => largeUnary(context)));
};

async function withinSoakLimit(iteration: number, run: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  await run();
  const tookMs = performance.now() - begun;
  assert.ok(tookMs <= SOAK_ITERATION_LIMIT_MS, `iteration ${iteration} took ${Math.round(tookMs)} ms`);
}

export const rpcSoak: Case = async (context) => {
  for (let iteration = 0; iteration < RPC_SOAK_ITERATIONS; iteration++) {
    await withinSoakLimit(iteration, () => largeUnary(context));
  }
};

export const channelSoak: Case = async (context) => {
  for (let iteration = 0; iteration < CHANNEL_SOAK_ITERATIONS; iteration++) {
    const client = context.connect();
    await withinSoakLimit(iteration, () => largeUnary({ ...context, client }));
    client.close();
  }
};

export const orcaPerRpc: Case = async ({ client }) => {
  const orcaPerQueryReport = {
    cpuUtilization: 0.821,
    memoryUtilization: 0.5847,
    requestCost: { cost: 3456.32 },
    utilization: { util: 0.30499 },
  };
  const { trailers } = await callUnary(client, testService.UnaryCall, { orcaPerQueryReport });
  const [bytes] = trailers.get(LOAD_REPORT);
  assert.ok(bytes instanceof Buffer, `no ${LOAD_REPORT} among the trailers`);
  const { memoryUtilization, ...same } = orcaPerQueryReport;
  assert.deepEqual(plain(orcaLoadReport.deserialize(bytes)), { ...same, memUtilization: memoryUtilization });
};

const OOB_REPORTS = [
  { cpuUtilization: 0.3058, utilization: { util: 0.30499 } },
  { cpuUtilization: 0.29309, utilization: { util: 0.2039 } },
] as const satisfies readonly TestOrcaReport[];

/** Tells the server a report over one stream, and sees it arrive over another of the load report service. */
export const orcaOob: Case = async ({ client }) => {
  const control = startDuplex(client, testService.FullDuplexCall);
  const reports = startServerStream(client, orcaService.StreamCoreMetrics, {
    reportInterval: { seconds: 0, nanos: 20_000_000 },
  });
  let seen = 0;
  const say = (index: number): void => {
    const orcaOobReport = OOB_REPORTS[index];
    if (orcaOobReport === undefined) control.end();
    else control.write({ orcaOobReport, responseParameters: [{ size: 1 }] });
  };
  const reported = failureOf(
    finish(reports, (report) => {
      if (!matches(report, OOB_REPORTS[seen])) return;
      say(++seen);
      if (seen === OOB_REPORTS.length) reports.cancel();
    }),
  );
  say(0);
  const { replies } = await finish(control);
  assert.equal((await reported).code, status.CANCELLED);
  assert.equal(replies.length, OOB_REPORTS.length);
  assert.equal(seen, OOB_REPORTS.length);
};

function matches(report: OrcaLoadReport, expected: TestOrcaReport | undefined): boolean {
  return (
    report.cpuUtilization === expected?.cpuUtilization &&
    report.utilization?.['util'] === expected?.utilization?.['util']
  );
}

/** Without protobufjs' prototypes, which a deep comparison minds. */
function plain(report: OrcaLoadReport): OrcaLoadReport {
  return JSON.parse(JSON.stringify(report)) as OrcaLoadReport;
}
