import { type Clock, encodeOrcaLoadReport, LOAD_TRAILER, LoadMeter } from '@weir/core';
import { trailersOnly } from '../../grpc/status-fields.js';
import { OK } from '../../grpc/status.js';
import { HeaderField } from '../../http2/hpack/header-field.js';

/**
 * How long a report is told again as it is. Less than a request takes to come here, so nobody can tell; and an
 * application with tens of thousands of requests a second does not pay for each.
 */
const FRESH_MS = 1;

/** How busy the application is on one of its ports, as its callers are told. */
export class ApplicationLoad {
  readonly meter: LoadMeter;
  readonly #clock: Clock;
  readonly #cpuUtilization: () => number;
  #field: HeaderField | undefined = undefined;
  #madeMs = 0;
  #reply: readonly HeaderField[] = [];
  #replyField: HeaderField | undefined = undefined;

  /** @param cpuUtilization - a fraction; 0: not known */
  constructor(clock: Clock, cpuUtilization: () => number) {
    this.meter = new LoadMeter(clock);
    this.#clock = clock;
    this.#cpuUtilization = cpuUtilization;
  }

  /** `endpoint-load-metrics-bin` as of now. */
  get field(): HeaderField {
    const nowMs = this.#clock.nowMs();
    if (this.#field !== undefined && nowMs - this.#madeMs < FRESH_MS) return this.#field;
    this.#madeMs = nowMs;
    return (this.#field = new HeaderField(LOAD_TRAILER, Buffer.from(this.encode()).toString('base64')));
  }

  /** The whole answer to a probe. */
  get probeReply(): readonly HeaderField[] {
    const { field } = this;
    if (this.#replyField !== field) {
      this.#replyField = field;
      this.#reply = [...trailersOnly(OK, ''), field];
    }
    return this.#reply;
  }

  /** `OrcaLoadReport` as of now. */
  encode(): Uint8Array {
    return encodeOrcaLoadReport(this.meter.report({ cpu: this.#cpuUtilization(), application: 0 }));
  }
}
