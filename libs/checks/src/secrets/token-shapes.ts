/** The shapes of credentials that vendors hand out, each strict enough to stand on its own. */

/** One vendor's credential. */
export interface TokenShape {
  rule: string;
  what: string;
  /** Group 1, when there is one, is the secret; else the whole match is. */
  pattern: RegExp;
  /** A further property a real one has. */
  holds?: (secret: string) => boolean;
}

const start = '(?<![A-Za-z0-9_])';
const end = '(?![A-Za-z0-9_])';
const shape = (rule: string, what: string, body: string, holds?: TokenShape['holds']): TokenShape => ({
  rule,
  what,
  pattern: new RegExp(`${start}(${body})${end}`, 'g'),
  ...(holds ? { holds } : {}),
});

export const tokenShapes: readonly TokenShape[] = [
  shape('aws-access-key', 'AWS access key id', '(?:AKIA|ASIA)[A-Z2-7]{16}', (key) => !key.endsWith('EXAMPLE')),
  shape('github-token', 'GitHub token', 'gh[pousr]_[A-Za-z0-9]{36,251}'),
  shape('github-token', 'GitHub fine-grained token', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  shape('gitlab-token', 'GitLab token', 'gl(?:pat|dt|rt|ptt|ft)-[A-Za-z0-9_-]{20,60}'),
  shape('slack-token', 'Slack token', 'xox[abeprs]-(?:\\d+-)?\\d{9,14}-[A-Za-z0-9-]{20,80}'),
  shape(
    'slack-webhook',
    'Slack webhook',
    'https://hooks\\.slack\\.com/(?:services|workflows)/T[A-Z0-9]{7,12}/[AB][A-Z0-9]{7,12}/[A-Za-z0-9]{20,28}',
  ),
  shape('stripe-key', 'Stripe live key', '(?:sk|rk)_live_[A-Za-z0-9]{20,247}'),
  shape('google-key', 'Google API key', 'AIza[A-Za-z0-9_-]{35}'),
  shape('google-oauth', 'Google OAuth client secret', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  shape('npm-token', 'npm token', 'npm_[A-Za-z0-9]{36}'),
  shape('pypi-token', 'PyPI token', 'pypi-AgE[A-Za-z0-9_-]{50,250}'),
  shape(
    'openai-key',
    'OpenAI key',
    'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}',
  ),
  shape('anthropic-key', 'Anthropic key', 'sk-ant-(?:api|admin|sid)\\d\\d-[A-Za-z0-9_-]{80,120}'),
  shape('sendgrid-key', 'SendGrid key', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  shape('digitalocean-token', 'DigitalOcean token', 'do[opr]_v1_[a-f0-9]{64}'),
  shape('huggingface-token', 'Hugging Face token', 'hf_[A-Za-z]{34}'),
  shape('azure-storage-key', 'Azure storage key', '(?<=AccountKey=)[A-Za-z0-9+/]{86}=='),
  shape('telegram-token', 'Telegram bot token', '\\d{8,10}:AA[A-Za-z0-9_-]{33}'),
  shape('shopify-token', 'Shopify token', 'shp(?:at|ca|pa|ss)_[a-f0-9]{32}'),
  shape('vault-token', 'Vault token', 'hvs\\.[A-Za-z0-9_-]{90,120}'),
  shape('jwt', 'JSON Web Token', 'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{20,}', isSignedJwt),
];

/** The header is a JSON object that names a signature; the one everybody copies from jwt.io is nobody's secret. */
function isSignedJwt(token: string): boolean {
  const [header = '', payload = ''] = token.split('.');
  try {
    const { alg } = JSON.parse(fromBase64Url(header)) as { alg?: unknown };
    return typeof alg === 'string' && alg !== 'none' && !fromBase64Url(payload).includes('"1234567890"');
  } catch {
    return false;
  }
}

const fromBase64Url = (text: string): string => atob(text.replace(/-/g, '+').replace(/_/g, '/'));
