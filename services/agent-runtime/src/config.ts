import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseEnvironment, secretKey, type BaseConfig } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

const role = z.enum(['api', 'worker', 'control']);

const modelAddress = z.url({ protocol: /^https?$/ }).optional();

/** Which models can be reached, and what they cost. */
export const modelEnvironment = {
  PRICE_TABLE_FILE: z
    .string()
    .optional()
    .describe('Prices of models over those of the release: JSON, see docs/budgets.md.'),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_MODEL: z.string().default('gpt-5.1'),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_MODEL: z.string().default('claude-sonnet-4-5'),
  GEMINI_API_KEY: z.string().optional(),
  GEMINI_MODEL: z.string().default('gemini-2.5-pro'),
  OPENAI_BASE_URL: modelAddress.describe('Where the provider is reached, when not at its public address.'),
  ANTHROPIC_BASE_URL: modelAddress,
  GEMINI_BASE_URL: modelAddress,
  OPENAI_COMPATIBLE_BASE_URL: modelAddress.describe('An OpenAI-compatible endpoint, such as a local model server.'),
  OPENAI_COMPATIBLE_API_KEY: z.string().optional(),
  OPENAI_COMPATIBLE_MODEL: z.string().default('default'),
  MODELS_ALLOW: allowedNetworks.describe(
    'Private networks that model servers may be in, also without TLS: comma-separated CIDRs. None unless told.',
  ),
} as const;

export type ModelConfig = Readonly<z.output<z.ZodObject<typeof modelEnvironment>>>;

/** What agent-runtime reads besides the kit's environment. */
export const runtimeEnvironment = {
  ...databaseEnvironment,
  ROLES: z
    .string()
    .default('api,worker,control')
    .transform((text) => text.split(','))
    .pipe(z.array(role).min(1))
    .describe('What this process does: api, worker, control.'),
  JOURNAL_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .default(90)
    .describe('How long the journals of ended runs are kept, in days; 0 is for ever. Results stay.'),
  DATA_DIR: z.string().describe('Blobs and working copies; shared by all replicas when the blob store is `fs`.'),
  WORKER_SLOTS: z.coerce.number().int().min(1).max(1_000).default(4).describe('Turns run at once.'),
  WORKER_LEASE_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .default(15_000)
    .describe('A worker that is silent for so long has lost its turns.'),
  REDIS_URL: z
    .url()
    .optional()
    .describe('Where text of model calls is kept for viewers who join in the middle; without it they miss it.'),
  VIEWER_PATIENCE_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(15_000)
    .describe('A viewer who takes nothing for so long is cut.'),
  UPLOAD_LIMIT_BYTES: z.coerce.number().int().min(1).default(268_435_456).describe('Largest accepted git bundle.'),
  SIGNER_KEK: secretKey.describe(
    'Key that seals the voter keys in the platform’s custody and the secrets of triggers (secret).',
  ),
  REVIEW_DEADLINE_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .default(1_800_000)
    .describe('A panel that takes longer is undecided.'),
  TEST_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(600_000).describe('Longest run of a test command.'),
  ABLATION_BUDGET_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(120_000)
    .describe('Time the hunk-ablation juror may take; 0 turns it off.'),
  SANDBOX_DIR: z
    .string()
    .default(join(tmpdir(), 'conclave-sandbox'))
    .describe('Working copies that sandboxes write to.'),
  SANDBOX_MEMORY_BYTES: z.coerce
    .number()
    .int()
    .min(64 * 1024 ** 2)
    .default(4 * 1024 ** 3)
    .describe(
      'Memory a sandboxed command may take, all its processes together; its scratch space (1 GiB) comes on top.',
    ),
  SANDBOX_READ_ONLY_PATHS: z
    .string()
    .default('')
    .describe('Comma-separated host paths every sandbox may read, such as a toolchain.'),
  SANDBOX_DEPENDENCY_ROOTS: z
    .string()
    .default('')
    .describe('Comma-separated roots below which `.conclave/` may name dependency paths.'),
  ...modelEnvironment,
} as const;

export type RuntimeConfig = Readonly<z.output<z.ZodObject<typeof runtimeEnvironment>>> & BaseConfig;

/** A comma-separated list, without empty items. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
