import { KubeApiError, type KubeApiErrorDetails } from './api-error.js';
import type { KubeApiObject, KubeWatchEvent } from './api-object.js';
import type { KubeRequest, KubeTransport, ListResult, WatchHandlers } from './transport.js';

interface PendingList {
  readonly request: KubeRequest;
  readonly onResult: (result: ListResult) => void;
}

interface PendingWatch {
  readonly request: KubeRequest;
  readonly handlers: WatchHandlers;
}

export function object(name: string, version: string, value = name): KubeApiObject {
  return { metadata: { name, namespace: 'default', resourceVersion: version }, value };
}

/** An API server in the hands of the test: requests wait until it answers them. */
export class FakeApi implements KubeTransport {
  readonly lists: PendingList[] = [];
  readonly watches: PendingWatch[] = [];

  list(request: KubeRequest, onResult: (result: ListResult) => void): () => void {
    return pend(this.lists, { request, onResult });
  }

  watch(request: KubeRequest, handlers: WatchHandlers): () => void {
    return pend(this.watches, { request, handlers });
  }

  /** The parameters of the one request under way. */
  asked(): Readonly<Record<string, string>> {
    const [only, ...others] = [...this.lists, ...this.watches];
    if (only === undefined || others.length > 0)
      throw new Error(`${this.lists.length} lists and ${this.watches.length} watches are under way`);
    return only.request.params;
  }

  get isIdle(): boolean {
    return this.lists.length === 0 && this.watches.length === 0;
  }

  answerList(version: string, items: readonly KubeApiObject[], more = ''): void {
    this.#takeList().onResult({ list: { metadata: { resourceVersion: version, continue: more }, items } });
  }

  refuseList(details: KubeApiErrorDetails = {}): void {
    this.#takeList().onResult({ error: new KubeApiError('no', details) });
  }

  openWatch(): void {
    this.#watch().handlers.onOpen();
  }

  send(type: KubeWatchEvent['type'], sent: KubeApiObject): void {
    this.#watch().handlers.onEvent({ type, object: sent });
  }

  endWatch(details?: KubeApiErrorDetails): void {
    const watch = this.#watch();
    this.watches.pop();
    watch.handlers.onEnd(details && new KubeApiError('no', details));
  }

  #takeList(): PendingList {
    const list = this.lists.pop();
    if (list === undefined) throw new Error('no list is under way');
    return list;
  }

  #watch(): PendingWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) throw new Error('no watch is under way');
    return watch;
  }
}

function pend<T>(pending: T[], item: T): () => void {
  pending.push(item);
  return () => {
    const at = pending.indexOf(item);
    if (at >= 0) pending.splice(at, 1);
  };
}
