import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BOOT_TOKENS, type BootTokens } from './boot-tokens.js';

/** Turns away who has no boot token, before anything of the request is looked at. */
@Injectable()
export class BootTokenGuard implements CanActivate {
  readonly #tokens: BootTokens;

  constructor(@Inject(BOOT_TOKENS) tokens: BootTokens) {
    this.#tokens = tokens;
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    this.#tokens.require(request.headers.authorization);
    return true;
  }
}
