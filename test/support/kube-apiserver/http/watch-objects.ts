import { apiVersionOf } from '../objects/resource-type.js';
import { expired, type StatusError } from '../objects/status-error.js';
import type { Storage, StorageEvent } from '../objects/storage.js';
import { parseRevision, present, selectorOf, type Collection } from './list-objects.js';

export interface WatchStream {
  /** Sends one line. */
  send(event: { readonly type: string; readonly object: unknown }): void;
  /** Ends the response in good order. */
  end(): void;
  /** Breaks the connection. */
  destroy(): void;
}

export interface OpenWatch {
  /** Ends it as the server does when its time is over. */
  end(): void;
  /** Breaks its connection. */
  drop(): void;
  /** Sends a 410 into it, and ends it. */
  expire(): void;
  /** Forgets it: the client has gone. */
  close(): void;
}

export interface WatchOptions {
  readonly bookmarkIntervalMs: number;
  /** Called before anything is sent. */
  readonly onOpen: (watch: OpenWatch) => void;
  /** Called when the watch is over, by whomever. */
  readonly onClose: (watch: OpenWatch) => void;
}

/** A last bookmark is sent this long before a watch ends, so that the next one begins where it ended. */
const LAST_BOOKMARK_MS = 2000;

/** Begins a watch: what has happened since the version asked for, and then everything as it happens. */
export function watchObjects(
  storage: Storage,
  collection: Collection,
  stream: WatchStream,
  { bookmarkIntervalMs, onOpen, onClose }: WatchOptions,
): OpenWatch {
  const { type, params } = collection;
  const selects = selectorOf(collection);
  const timers: NodeJS.Timeout[] = [];
  let unlisten = (): void => {};
  let isOpen = true;

  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    unlisten();
    for (const timer of timers) clearTimeout(timer);
    onClose(watch);
  };
  const fail = (error: StatusError): void => {
    if (!isOpen) return;
    stream.send({ type: 'ERROR', object: error.toJson() });
    stream.end();
    close();
  };
  const watch: OpenWatch = {
    end: () => {
      if (!isOpen) return;
      stream.end();
      close();
    },
    drop: () => {
      stream.destroy();
      close();
    },
    expire: () => fail(tooOld(0, storage.compactedRevision)),
    close,
  };
  const forward = (event: StorageEvent): void => {
    const sent = translate(event, selects);
    if (sent !== undefined) stream.send({ type: sent, object: present(event.object, collection) });
  };
  const bookmark = (): void =>
    stream.send({
      type: 'BOOKMARK',
      object: {
        kind: type.kind,
        apiVersion: apiVersionOf(type, collection.version),
        metadata: { resourceVersion: String(storage.revision), creationTimestamp: null },
      },
    });

  onOpen(watch);
  const asked = params.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') {
    for (const object of storage.list(type))
      if (selects(object)) stream.send({ type: 'ADDED', object: present(object, collection) });
  } else {
    const revision = parseRevision(asked);
    if (revision < storage.compactedRevision) {
      // As the watch cache does it: the watch is accepted, and its first event is the error.
      fail(tooOld(revision, storage.compactedRevision));
      return watch;
    }
    for (const event of storage.eventsAfter(type, revision)) forward(event);
  }
  unlisten = storage.onEvent(type, forward);

  // The real server chooses between 30 and 60 minutes when the client does not.
  const timeoutMs = Number(params.get('timeoutSeconds') ?? 1800) * 1000;
  timers.push(setTimeout(() => watch.end(), timeoutMs));
  if (params.get('allowWatchBookmarks') === 'true') {
    timers.push(setInterval(bookmark, bookmarkIntervalMs));
    timers.push(setTimeout(bookmark, Math.max(0, timeoutMs - LAST_BOOKMARK_MS)));
  }
  for (const timer of timers) timer.unref();
  return watch;
}

/** What an event is to a watch with selectors: an object that no longer fits is deleted to it. */
function translate(
  { type, object, previous }: StorageEvent,
  selects: (object: StorageEvent['object']) => boolean,
) {
  const fitted = previous !== undefined && selects(previous);
  const fits = type !== 'DELETED' && selects(object);
  if (fits) return fitted ? 'MODIFIED' : 'ADDED';
  return fitted ? 'DELETED' : undefined;
}

function tooOld(asked: number, oldest: number): StatusError {
  return expired(`too old resource version: ${asked} (${oldest})`);
}
