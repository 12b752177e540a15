import { after, afterEach, before, describe } from 'node:test';
import { UpstreamTarget } from './upstream/exchange.js';
import { frames, starting, streams } from './upstream/section-3-to-5.js';
import { flowControl, goingAway, wrongFrames } from './upstream/section-6-frames.js';
import { compression, responses } from './upstream/section-8-messages.js';

/** The sidecar as a client, judged by RFC 9113 and RFC 7541 section by section. */
describe('the upstream side of the sidecar', () => {
  const target = new UpstreamTarget();
  before(() => target.start());
  afterEach(() => target.reset());
  after(() => target.close());

  for (const section of [
    starting,
    frames,
    streams,
    wrongFrames,
    goingAway,
    flowControl,
    responses,
    compression,
  ]) {
    section(target);
  }
});
