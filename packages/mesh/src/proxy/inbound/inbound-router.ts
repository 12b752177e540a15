import { LOAD_PROBE_PATH } from '@weir/core';
import { FixedRouter } from '../relay/fixed-router.js';
import type { RelayContext } from '../relay/relay-context.js';
import type { OpenStream } from '../relay/router.js';
import type { Application } from './applications.js';
import { InboundExchange } from './inbound-exchange.js';
import type { LoadAudience } from './load-settings.js';
import { LOAD_STREAM_PATH, LoadStream } from './load-stream.js';
import { ProbeReply } from './probe-reply.js';

/**
 * Sends every request of a connection to the application, whatever it says of where it wants to go, but for
 * questions about its load, which are answered here.
 *
 * @param loadStreams - those that are under way
 */
export function inboundRouter(
  context: RelayContext,
  { address, load }: Application,
  audience: LoadAudience,
  loadStreams: Set<LoadStream>,
): FixedRouter {
  const { counters, clock } = context;
  const announces = audience === 'all';
  const toApplication: OpenStream = (downstream, stream, request, routed, endStream) =>
    new InboundExchange(context, downstream, stream, request, routed, endStream, load, announces);
  return new FixedRouter(context, address, (path) => {
    if (load === undefined) return toApplication;
    if (path === LOAD_PROBE_PATH) {
      return (downstream, stream, _request, _routed, endStream) => {
        counters.loadProbesAnswered++;
        return new ProbeReply(downstream, stream, load, endStream);
      };
    }
    if (path !== LOAD_STREAM_PATH) return toApplication;
    return (downstream, stream) => new LoadStream(downstream, stream, load, clock, loadStreams);
  });
}
