import { after, afterEach, before, describe } from 'node:test';
import { headerCompression } from './downstream/rfc7541.js';
import { connectionPreface } from './downstream/section-3-4-connection-preface.js';
import { fieldSectionCompression, frameFormat, frameSize } from './downstream/section-4-frames.js';
import {
  streamConcurrency,
  streamIdentifiers,
  streamStates,
} from './downstream/section-5-1-stream-states.js';
import {
  errorHandling,
  extending,
  streamDependencies,
} from './downstream/section-5-errors-and-extensions.js';
import { dataFrames } from './downstream/section-6-1-data.js';
import { continuationFrames } from './downstream/section-6-10-continuation.js';
import { headersFrames, priorityFrames, rstStreamFrames } from './downstream/section-6-2-headers.js';
import {
  definedSettings,
  settingsFrames,
  settingsSynchronization,
} from './downstream/section-6-5-settings.js';
import { goawayFrames, pingFrames, pushPromiseFrames } from './downstream/section-6-7-connection-frames.js';
import {
  flowControlWindow,
  initialWindowSize,
  windowUpdateFrames,
} from './downstream/section-6-9-flow-control.js';
import { malformedMessages, messageFraming } from './downstream/section-8-1-messages.js';
import { controlData, fields } from './downstream/section-8-2-fields.js';
import { Target } from './downstream/target.js';

/**
 * The sidecar as a server, judged by RFC 9113 and RFC 7541 section by section. Cases named "h2spec" send the frames of
 * that suite's case of the same number; its numbers are those of RFC 7540.
 */
describe('the downstream side of the sidecar', () => {
  const target = new Target();
  before(() => target.start());
  afterEach(() => target.reset());
  after(() => target.close());

  for (const section of [
    connectionPreface,
    frameFormat,
    frameSize,
    fieldSectionCompression,
    streamStates,
    streamIdentifiers,
    streamConcurrency,
    streamDependencies,
    errorHandling,
    extending,
    dataFrames,
    headersFrames,
    priorityFrames,
    rstStreamFrames,
    settingsFrames,
    definedSettings,
    settingsSynchronization,
    pushPromiseFrames,
    pingFrames,
    goawayFrames,
    windowUpdateFrames,
    flowControlWindow,
    initialWindowSize,
    continuationFrames,
    messageFraming,
    malformedMessages,
    fields,
    controlData,
    headerCompression,
  ]) {
    section(target);
  }
});
