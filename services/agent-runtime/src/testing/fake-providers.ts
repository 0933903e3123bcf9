/**
 * Model providers that are not there, speaking their real streaming formats over HTTP: OpenAI Responses, Anthropic
 * Messages, Gemini streamGenerateContent and OpenAI-compatible chat completions. What they say is the test's choice.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What a fake answers: text (its second half once `halfway` lets it; of a compatible one perhaps without a word of its
 * usage), an HTTP status, a stream that breaks off, or nothing
 * while the connection stands.
 */
export type FakeAnswer =
  | { readonly text: string; readonly halfway?: Promise<void>; readonly untold?: true }
  | { readonly status: number; readonly retryAfter?: string }
  | { readonly cut: string }
  | { readonly hang: true };

export interface SeenRequest {
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

export interface FakeProviders {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Answers in order; the last one repeats. */
  answer(...answers: FakeAnswer[]): void;
  stop(): Promise<void>;
}

const USAGE = { input: 120, output: 30 };

export async function startFakeProviders(): Promise<FakeProviders> {
  let queue: FakeAnswer[] = [{ text: '' }];
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => void handle(request, response));
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const authorization = String(
      request.headers['authorization'] ?? request.headers['x-api-key'] ?? request.headers['x-goog-api-key'] ?? '',
    );
    seen.push({ path: request.url!.split('?')[0]!, authorization, body });
    const answer = queue.length > 1 ? queue.shift()! : queue[0]!;
    if ('hang' in answer) return;
    if ('status' in answer) {
      response
        .writeHead(answer.status, {
          'content-type': 'application/json',
          ...(answer.retryAfter !== undefined && { 'retry-after': answer.retryAfter }),
        })
        .end(JSON.stringify({ error: { message: 'refused by the fake', type: 'error' } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = 'text' in answer ? answer.text : answer.cut;
    const frames = framesOf(request.url!, JSON.parse(body) as { tools?: { name: string }[] }, halvesOf(text));
    if ('untold' in answer) frames.splice(-2, 1);
    if ('cut' in answer) {
      response.write(frames.slice(0, -1).join(''));
      response.destroy();
    } else {
      if (answer.halfway) {
        const second = JSON.stringify(halvesOf(text)[1]);
        const at = frames.findIndex((frame) => frame.includes(second));
        response.write(frames.splice(0, at).join(''));
        await answer.halfway;
      }
      response.end(frames.join(''));
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: (...answers) => {
      queue = answers;
      seen.length = 0;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

/** The text in two pieces, as real streams have it. */
const halvesOf = (text: string): [string, string] => [text.slice(0, text.length / 2), text.slice(text.length / 2)];

/** The provider's frames. */
function framesOf(url: string, body: { tools?: { name: string }[] }, pieces: string[]): string[] {
  if (url.includes('/responses')) return openAiResponses(pieces);
  if (url.includes('/messages'))
    return anthropicMessages(pieces, body.tools?.some((tool) => tool.name === 'json') ?? false);
  if (url.includes('streamGenerateContent')) return gemini(pieces);
  return chatCompletions(pieces);
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { type: string }): string => `event: ${value.type}\n${data(value)}`;

function openAiResponses(pieces: string[]): string[] {
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'gpt-5.1',
    output: [],
    incomplete_details: null,
  };
  const item = { id: 'msg_1', type: 'message', role: 'assistant', content: [] };
  const usage = {
    input_tokens: USAGE.input,
    output_tokens: USAGE.output,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  return [
    named({ type: 'response.created', response: { ...response, status: 'in_progress' } } as { type: string }),
    named({ type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress' } } as {
      type: string;
    }),
    ...pieces.map((delta) =>
      named({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta } as {
        type: string;
      }),
    ),
    named({ type: 'response.output_item.done', output_index: 0, item: { ...item, status: 'completed' } } as {
      type: string;
    }),
    named({ type: 'response.completed', response: { ...response, status: 'completed', usage } } as { type: string }),
  ];
}

function anthropicMessages(pieces: string[], asTool: boolean): string[] {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: USAGE.input, output_tokens: 1 },
  };
  const block = asTool ? { type: 'tool_use', id: 'toolu_1', name: 'json', input: {} } : { type: 'text', text: '' };
  const delta = (text: string) =>
    asTool ? { type: 'input_json_delta', partial_json: text } : { type: 'text_delta', text };
  const frames = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    ...pieces.map((text) => ({ type: 'content_block_delta', index: 0, delta: delta(text) })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: asTool ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: USAGE.output },
    },
    { type: 'message_stop' },
  ];
  return frames.map(named);
}

function gemini(pieces: string[]): string[] {
  const usageMetadata = {
    promptTokenCount: USAGE.input,
    candidatesTokenCount: USAGE.output,
    totalTokenCount: USAGE.input + USAGE.output,
  };
  return pieces.map((text, i) =>
    data({
      candidates: [
        {
          content: { parts: [{ text }], role: 'model' },
          index: 0,
          ...(i === pieces.length - 1 ? { finishReason: 'STOP' } : {}),
        },
      ],
      usageMetadata,
    }),
  );
}

function chatCompletions(pieces: string[]): string[] {
  const chunk = { id: 'c_1', object: 'chat.completion.chunk', created: 1, model: 'default' };
  const choice = (delta: object, finish: string | null) =>
    data({ ...chunk, choices: [{ index: 0, delta, finish_reason: finish }] });
  return [
    ...pieces.map((content) => choice({ role: 'assistant', content }, null)),
    choice({}, 'stop'),
    data({
      ...chunk,
      choices: [],
      usage: { prompt_tokens: USAGE.input, completion_tokens: USAGE.output, total_tokens: USAGE.input + USAGE.output },
    }),
    'data: [DONE]\n\n',
  ];
}
