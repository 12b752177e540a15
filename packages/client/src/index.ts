export type { GrpcJs } from './grpc-js.js';
export { register } from './register.js';
