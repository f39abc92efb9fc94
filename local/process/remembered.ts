/** Remembers what takes a while to find out, for as long as it can be taken to be true. */

/**
 * Asks `find` once for all who want the same within `lifetimeMs`; what failed is not remembered.
 * @returns by key
 */
export function createRemembered<Value>(
  lifetimeMs: number,
): (key: string, find: () => Promise<Value>) => Promise<Value> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<Value> }>();
  return (key, find) => {
    const last = known.get(key);
    if (last && Date.now() - last.at < lifetimeMs) return last.value;
    const next = { at: Date.now(), value: find() };
    known.set(key, next);
    next.value.catch(() => known.get(key) === next && known.delete(key));
    return next.value;
  };
}
