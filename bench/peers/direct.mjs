/** No proxy: the first endpoint itself, for what a relay adds. */
export const direct = {
  name: 'direct',
  title: 'no proxy',
  needs: undefined,
  start: (endpoints) => Promise.resolve({ port: endpoints[0], child: undefined, helpers: [] }),
};
