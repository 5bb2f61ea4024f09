import type { Endpoint } from '@rackwright/contracts';

/** `address:port`, as a key and for people. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
