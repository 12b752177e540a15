export interface AdminResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface AdminPage {
  /** Starts with `/`. */
  readonly path: string;
  /** One line for the index. */
  readonly about: string;
  render(query: URLSearchParams): AdminResponse | Promise<AdminResponse>;
}

/** Answers a GET request for a path with an optional query; never fails. */
export type AdminHandler = (url: string) => Promise<AdminResponse>;

/** Serves the given pages and an index of them at `/`. */
export function createAdminHandler(title: string, pages: readonly AdminPage[]): AdminHandler {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  const width = Math.max(...pages.map(({ path }) => path.length));
  const list = pages.map(({ path, about }) => `  ${path.padEnd(width)}  ${about}\n`).join('');
  return async (url) => {
    const [path = '', ...query] = url.split('?');
    if (path === '/') return textResponse(200, `${title}\n\n${list}`);
    const page = byPath.get(path);
    if (page === undefined)
      return textResponse(404, `There is no ${JSON.stringify(path)} here, only:\n\n${list}`);
    try {
      return await page.render(new URLSearchParams(query.join('?')));
    } catch (error) {
      return textResponse(500, `${path} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  };
}

export function textResponse(status: number, body: string): AdminResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export function jsonResponse(value: unknown): AdminResponse {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}
