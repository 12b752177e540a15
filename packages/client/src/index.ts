export type { GrpcJs } from './grpc-js.js';
export type { ChannelSnapshot, Inspectable, Inspection, PolicyInUse } from './inspect.js';
export { inspect, snapshot } from './inspect.js';
export { measure } from './measure.js';
export type { ConnectionState, EndpointDescription, PolicyDescription } from './policy/policy.js';
export { register } from './register.js';
export { reportLoad } from './report-load.js';
export type { MeterLike } from './telemetry/open-telemetry.js';
