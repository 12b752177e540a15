// For `require`: the same module, which Node.js loads from CommonJS as it is.
import type * as weir from '../dist/index.js' with { 'resolution-mode': 'import' };

export declare const inspect: typeof weir.inspect;
export declare const measure: typeof weir.measure;
export declare const register: typeof weir.register;
export declare const reportLoad: typeof weir.reportLoad;
export declare const snapshot: typeof weir.snapshot;

export type ChannelSnapshot = weir.ChannelSnapshot;
export type ConnectionState = weir.ConnectionState;
export type EndpointDescription = weir.EndpointDescription;
export type GrpcJs = weir.GrpcJs;
export type Inspectable = weir.Inspectable;
export type Inspection = weir.Inspection;
export type MeterLike = weir.MeterLike;
export type PolicyDescription = weir.PolicyDescription;
export type PolicyInUse = weir.PolicyInUse;
