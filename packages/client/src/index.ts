export type { GrpcJs } from './grpc-js.js';
export type { ChannelSnapshot, Inspectable, Inspection, PolicyInUse } from './inspect.js';
export { inspect, snapshot } from './inspect.js';
export type { ConnectionState, EndpointDescription, PolicyDescription } from './policy/policy.js';
export { register } from './register.js';
export { reportLoad } from './report-load.js';
