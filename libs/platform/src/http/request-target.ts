const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

/** The path and query of a request target, which proxies send in absolute form (RFC 9112 section 3.2.2). */
export function originForm(target: string): string {
  const path = target.replace(ABSOLUTE_FORM, '');
  return path === target || path.startsWith('/') ? path : `/${path}`;
}
