export { createClient, type CallOptions, type Client, type ClientOptions, type Upload } from './client.js';
export { everyItem } from './every-item.js';
export { httpParts, type HttpParts } from './http-parts.js';
export type { FollowOptions } from './follow-run.js';
export { answerOf, questionOf, type Json, type Question } from './question.js';
export type { RetrySchedule } from './retry.js';
