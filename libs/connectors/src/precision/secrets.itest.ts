import { describe, expect, it } from '@jest/globals';
import { checkById } from '@conclave/checks';
import { readChange } from '../git/read-change.js';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { judged, type Story } from './judged.js';

/** Shapes are put together at run time, so that no scanner takes this file for a leak. */
const join = (...parts: string[]): string => parts.join('');
const random = 'q7Zp2mKx9Wv4TbN8sLr3HcJ6fYd1GaEuRoPi';
const tokens = {
  aws: join('AKIA', 'Q3EGTZ7JX2MWLN5K'),
  github: join('ghp_', random),
  slack: join('xoxb-', '730191371696-1413868247813-', 'IG7Z1wRkq9mNcD4xTbLs2Yfa'),
  stripe: join('sk_live_', random.slice(0, 24)),
  google: join('AIza', 'SyD9fK2mQx7Lw4Zt8Rb1Nc5Vh3Jg6Ep0Uab'),
  npm: join('npm_', random),
  jwt:
    [
      { alg: 'HS256', typ: 'JWT' },
      { sub: 'service-17', scope: 'admin' },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.') + join('.', random),
};
const body = Array.from({ length: 6 }, (_, i) => Buffer.from(`${random}${i}${random}`.slice(0, 48)).toString('base64'));
const pem = (kind: string): string[] => [`-----BEGIN ${kind}-----`, ...body, `-----END ${kind}-----`];

const told: Record<string, [Story, string[]]> = {
  'vendor tokens in any language': [
    {
      after: {
        'a.ts': [`const key = '${tokens.aws}';`],
        'b.py': ['import os', `TOKEN = "${tokens.github}"`],
        'c.go': ['package c', `const slack = "${tokens.slack}"`],
        'd.yaml': ['pay:', `  stripe: ${tokens.stripe}`],
        'E.java': [`class E { String g = "${tokens.google}"; }`],
        '.npmrc': [`//registry.npmjs.org/:_authToken=${tokens.npm}`],
        'f.sh': [`curl -H "Authorization: Bearer ${tokens.jwt}" https://api.acme.io`],
      },
    },
    [
      'error npm-token .npmrc:1',
      'error google-key E.java:1',
      'error aws-access-key a.ts:1',
      'error github-token b.py:2',
      'error slack-token c.go:2',
      'error stripe-key d.yaml:2',
      'error jwt f.sh:1',
    ],
  ],
  'private keys': [
    {
      after: {
        'deploy/id_rsa': pem('OPENSSH PRIVATE KEY'),
        'k.rs': [`const K: &str = "-----BEGIN RSA PRIVATE KEY-----\\n${body[0]}\\n";`],
      },
    },
    ['error private-key deploy/id_rsa:1', 'error private-key k.rs:1'],
  ],
  'passwords in addresses and assignments': [
    {
      after: {
        'config.py': ['DB = "postgres://billing:tR7wq92LmXz@db.acme.io:5432/billing"'],
        '.env': ['PORT=80', `API_SECRET=${random}`],
        's.ts': [`const config = { clientSecret: '${random}', adminPassword: 'Tr0ub4dor&3x' };`],
      },
    },
    ['error assigned-secret .env:2', 'error address-password config.py:1', 'error assigned-secret s.ts:1'],
  ],
  'vendor tokens in tests and documentation, mildly': [
    {
      after: { 'test/a.test.ts': [`const key = '${tokens.aws}';`], 'docs/setup.md': [`export TOKEN=${tokens.github}`] },
    },
    ['warning github-token docs/setup.md:1', 'warning aws-access-key test/a.test.ts:1'],
  ],
  'a secret that is copied, not one that was there': [
    {
      before: { 'a.ts': [`const key = '${tokens.aws}';`] },
      after: { 'a.ts': [`const key = '${tokens.aws}';`, 'run();'], 'b.ts': [`const again = '${tokens.aws}';`] },
    },
    ['error aws-access-key b.ts:1'],
  ],
};

const silent: Record<string, Story> = {
  'addresses on a chain, which are public': {
    after: {
      'a.ts': [
        'export const USDC_TOKEN_ADDRESS = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";',
        'export const feeToken = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";',
      ],
    },
  },
  placeholders: {
    after: {
      'a.ts': [
        "const a = 'AKIAIOSFODNN7EXAMPLE';",
        `const b = 'ghp_${'x'.repeat(36)}';`,
        "const apiKey = 'your-api-key-goes-here';",
        "const s = { secret: 'changeme-changeme' };",
      ],
      '.env.example': ['API_SECRET=replace-with-your-own-secret', 'DB_PASSWORD=<password>'],
      'b.yaml': [
        'token: ${{ secrets.GITHUB_TOKEN }}',
        'password: "{{ vault_password }}"',
        'api_key: $API_KEY_FROM_ENV',
      ],
    },
  },
  'read from the environment': {
    after: {
      'a.ts': ['const password = process.env.DATABASE_PASSWORD;', 'const token = await readToken(path);'],
      'b.py': ['SECRET_KEY = os.environ["SECRET_KEY"]'],
      'c.sh': ['export API_TOKEN="$(cat /run/secrets/token)"'],
    },
  },
  'hashes, ids, public keys and names': {
    after: {
      'a.ts': [
        "const integrity = 'sha512-q7Zp2mKx9Wv4TbN8sLr3HcJ6fYd1GaEuRoPi==';",
        "const commit = '3f786850e387550fdab836ed7e6dc881de23001b';",
        "const passwordField = 'input-password-2';",
        "const tokenEndpoint = 'https://login.acme.io/oauth2/v1/token';",
        "const tokenId = '123e4567-e89b-42d3-a456-426614174000';",
        "const messages = { passwordExpired: 'auth.password.expired' };",
        'const pattern = /ghp_[A-Za-z0-9]{36}/;',
        "const header = '-----BEGIN PRIVATE KEY-----';",
      ],
      'cert.pem': pem('CERTIFICATE'),
      'key.pub.pem': pem('PUBLIC KEY'),
    },
  },
  'local databases': {
    after: {
      'compose.yaml': ['url: postgres://app:app@localhost:5432/app', 'other: postgres://app:s3cretPw99@db:5432/app'],
      'a.py': ['U = "redis://:pw123456@127.0.0.1:6379"'],
    },
  },
  moved: {
    before: { 'a.ts': [`const key = '${tokens.aws}';`, 'one();', 'two();'] },
    after: { 'a.ts': ['one();', 'two();'], 'b.ts': [`  const k = '${tokens.aws}';`] },
  },
  'locked checksums': {
    after: {
      'a.ts': ['run();'],
      'package-lock.json': [`{ "integrity": "sha512-${random}${random}==", "token": "${random}" }`],
    },
  },
  'assignments and signed tokens in tests': {
    after: { 'test/login.spec.ts': [`const password = 'Tr0ub4dor&3x';`, `const token = '${tokens.jwt}';`] },
  },
  'the sample of jwt.io': {
    after: {
      'a.ts': [
        "const t = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c';",
      ],
    },
  },
};

describe('secrets', () => {
  it.each(Object.entries(told))('tells %s', async (_, [story, findings]) => {
    expect(await judged('secrets', story)).toEqual(findings);
  });

  it.each(Object.entries(silent))('is silent about %s', async (_, story) => {
    expect(await judged('secrets', story)).toEqual([]);
  });

  it('never repeats the secret', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.md': 'a\n' });
    const values = Object.values(tokens);
    const head = repo.commit({ 'a.txt': values, 'b.env': [`API_SECRET=${random}`] });
    const result = checkById('secrets')?.run(await readChange(repo.dir, { base, head }));
    const text = JSON.stringify(result);
    expect(text.match(/"rule"/g)?.length).toBeGreaterThanOrEqual(values.length);
    for (const value of [...values, random])
      for (let at = 0; at + 12 <= value.length; at++) expect(text).not.toContain(value.slice(at, at + 12));
  });

  it('abstains when no text is added', async () => {
    expect(await judged('secrets', { before: { 'a.ts': ['a'] }, after: { 'a.ts': null } })).toEqual([
      'abstains: the change adds no text',
    ]);
  });
});
