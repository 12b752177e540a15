import type { AttemptOwner } from '../relay/attempt-owner.js';

const nothing = (): void => {};

/** Of attempts whose response comes from `node:http`, and not from a connection of the relay. */
export const NO_OWNER: AttemptOwner = {
  onConnection: nothing,
  onUpstreamSendable: nothing,
  onResponseHeaders: nothing,
  onResponseData: nothing,
  onResponseTrailers: nothing,
  onAttemptFailed: nothing,
};
