/**
 * A program that comes to a token as clients of MCP do: their own library goes from a refusal to the resource's metadata
 * (RFC 9728), from there to the authorization server's (RFC 8414), and asks for a code and a token for that resource (RFC 8707).
 */
import {
  auth,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';

export const MCP_CALLBACK = 'http://127.0.0.1:1/callback';

export class McpClient implements OAuthClientProvider {
  readonly redirectUrl = MCP_CALLBACK;
  readonly clientMetadata = { redirect_uris: [MCP_CALLBACK], client_name: 'MCP client' };
  /** Where it would send the browser of its person. */
  leadsTo: URL | undefined;
  /** What it asks the token to be for, in the order of its requests. */
  readonly resources: (string | null)[] = [];
  /** The addresses it asked on the way. */
  readonly asked: string[] = [];
  private readonly kept: { discovery?: OAuthDiscoveryState; tokens?: StoredOAuthTokens; verifier?: string } = {};

  constructor(
    private readonly id: string,
    private readonly api: string,
  ) {}

  get accessToken(): string {
    return this.kept.tokens?.access_token ?? '';
  }

  /** Goes on from what the API answered, from the way back of the browser, or with the refresh token it has. */
  goOn({ refusal, callback }: { refusal?: Response; callback?: URLSearchParams } = {}): Promise<string> {
    const [code, iss] = [callback?.get('code'), callback?.get('iss')];
    const { resourceMetadataUrl } = refusal ? extractWWWAuthenticateParams(refusal) : {};
    return auth(this, {
      serverUrl: this.api,
      fetchFn: (url, init) => this.fetch(url, init),
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
      ...(code && { authorizationCode: code }),
      ...(iss && { iss }),
    });
  }

  private fetch(url: string | URL, init?: RequestInit): Promise<Response> {
    this.asked.push(new URL(url).pathname);
    if (init?.body instanceof URLSearchParams) this.resources.push(init.body.get('resource'));
    return fetch(url, init);
  }

  clientInformation() {
    return { client_id: this.id };
  }
  state(): string {
    return 'as it was sent';
  }
  redirectToAuthorization(url: URL): void {
    this.leadsTo = url;
    this.resources.push(url.searchParams.get('resource'));
  }
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.kept.discovery = state;
  }
  discoveryState() {
    return this.kept.discovery;
  }
  saveCodeVerifier(verifier: string): void {
    this.kept.verifier = verifier;
  }
  codeVerifier(): string {
    return this.kept.verifier ?? '';
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.kept.tokens = tokens;
  }
  tokens() {
    return this.kept.tokens;
  }
}

/** As versions of the library did that wrote the resource as browsers write addresses, with a slash at its end. */
export class OlderMcpClient extends McpClient {
  validateResourceURL(_: string | URL, resource?: string): Promise<URL | undefined> {
    return Promise.resolve(resource === undefined ? undefined : new URL(resource));
  }
}
