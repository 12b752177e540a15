import ownGrpc from '@grpc/grpc-js';
import { hostname } from 'node:os';
import { copyOfProgram, type GrpcCopy, loadedCopies } from './grpc-copies.js';
import { type GrpcJs, registerPolicy, registerResolver, registerSubset } from './grpc-js.js';
import { measurements } from './measure.js';
import { balancingPolicyTypes } from './policy/balancing-policy-types.js';
import { k8sResolver } from './resolver/k8s-resolver.js';
import { staticResolver } from './resolver/static-resolver.js';
import { supportedMinor } from './supported-version.js';
import { systemClock, systemRandom } from './system.js';

const registered = new WeakSet<object>();

/**
 * Makes the policies (`weir_p2c_ewma`, …) and the targets (`static:`, `k8s:`) known to grpc-js. To be called
 * once, before the first channel is made; calling it again does nothing.
 *
 * @param grpc the copy of grpc-js whose channels are meant; default: the one that `@weir/client` finds as its
 *   peer, which is the program's own unless the package manager has installed two
 * @throws {Error} when its version is none of those that are supported, or when the program has another copy
 */
export function register(grpc?: GrpcJs): void {
  const chosen = grpc ?? ownGrpc;
  if (registered.has(chosen.experimental)) return;
  const copies = loadedCopies();
  const copy = copies.find(({ exports }) => (exports as GrpcJs).experimental === chosen.experimental);
  const minor = supportedMinor(chosen, copy?.version);
  if (grpc === undefined) refuseOtherCopy(copy, copies);
  const around = { clock: systemClock, random: systemRandom(), metrics: measurements };
  for (const type of balancingPolicyTypes(around)) registerPolicy(chosen, minor, type);
  registerSubset(chosen, hostname());
  registerResolver(chosen, minor, staticResolver);
  registerResolver(chosen, minor, k8sResolver(around.clock, around.random));
  registered.add(chosen.experimental);
}

/** A policy registered with one copy is unknown to the channels of another, which would not say so. */
function refuseOtherCopy(own: GrpcCopy | undefined, copies: readonly GrpcCopy[]): void {
  const programs = copyOfProgram(process.argv[1]);
  if (own === undefined || programs === undefined || programs === own.folder) return;
  const loaded = copies.find(({ folder }) => folder === programs);
  const message =
    `there are two copies of @grpc/grpc-js: @weir/client finds ${own.version} in ${own.folder}, and the ` +
    `program ${loaded?.version ?? 'another'} in ${programs}. Pass the one whose channels you use: ` +
    `import * as grpc from '@grpc/grpc-js'; register(grpc); or have one only: \`npm ls @grpc/grpc-js\` ` +
    `shows why there are two`;
  if (loaded !== undefined) throw new Error(message);
  process.emitWarning(message, { type: 'WeirWarning', code: 'WEIR_TWO_COPIES' });
}
