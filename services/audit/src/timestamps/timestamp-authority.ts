import { utf8 } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import type { AuditConfig } from '../config.js';
import { believedIn } from './config.js';
import { timeOfResponse, timestampRequest } from './timestamp-token.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;

/** Whom the configuration names to stamp checkpoints, if anybody (RFC 3161 § 3.4: over HTTP). */
@Injectable()
export class TimestampAuthority {
  readonly url: string | undefined;
  /** A log is stamped no more often than this. */
  readonly everyMs: number;
  private readonly believed: ReturnType<typeof believedIn>;

  constructor(
    @Inject(CONFIG) config: AuditConfig,
    @Inject(Egress) private readonly egress: Egress,
  ) {
    this.believed = believedIn(config);
    this.url = config.AUDIT_TIMESTAMP_URL;
    this.everyMs = config.AUDIT_TIMESTAMP_EVERY_MS;
  }

  /** @returns when it saw the text, and its answer. @throws Error for what cannot be had or believed */
  async stamp(url: string, text: string): Promise<{ readonly at: Date; readonly response: Uint8Array }> {
    const bytes = utf8(text);
    const headers = { 'content-type': 'application/timestamp-query', 'user-agent': 'conclave-audit' };
    const post = { headers, body: await timestampRequest(bytes), timeoutMs: TIMEOUT_MS };
    const answer = await this.egress.ask(url, post, MAX_ANSWER_BYTES);
    if (answer.status !== 200) throw new Error(`the authority answered ${answer.status}`);
    return { at: await timeOfResponse(answer.bytes, bytes, this.believed), response: answer.bytes };
  }
}
