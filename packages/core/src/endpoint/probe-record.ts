/** What an endpoint last said of its load. */
export class ProbeRecord {
  requestsInFlight = 0;
  latencyMs = 0.5;
}
