import type { FastifyReply } from 'fastify';
import { etagOf } from '@rackwright/platform';

/** Gives a resource with its entity tag, and its address when it is new. */
export function answerResource<T extends { readonly revision?: string }>(
  reply: FastifyReply,
  resource: T,
  location?: string,
): T {
  if (resource.revision !== undefined) void reply.header('etag', etagOf(resource.revision));
  if (location !== undefined) void reply.header('location', location);
  return resource;
}

/** The same for a resource that was put: 201 with its address when it is new, else 200. */
export function answerPut<T extends { readonly revision?: string }>(
  reply: FastifyReply,
  resource: T,
  { isNew, location }: { readonly isNew: boolean; readonly location: string },
): T {
  void reply.status(isNew ? 201 : 200);
  return answerResource(reply, resource, isNew ? location : undefined);
}
