import type { HeaderBlock } from '../../http2/header-block.js';
import type { RequestRouter, RoutedRequest } from './router.js';

/** Routes requests where the mesh says, and those that it knows nothing of where their connection was going. */
export class PassingRouter implements RequestRouter {
  readonly #mesh: RequestRouter;
  readonly #onward: RequestRouter;

  constructor(mesh: RequestRouter, onward: RequestRouter) {
    this.#mesh = mesh;
    this.#onward = onward;
  }

  route(request: HeaderBlock): RoutedRequest {
    const routed = this.#mesh.route(request);
    const { decision } = routed;
    return decision.kind === 'no-route' && decision.reason === 'no-virtual-host'
      ? this.#onward.route(request)
      : routed;
  }
}
