import http from 'node:http';
import https from 'node:https';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { type ProxyRules, proxyFor, readProxyRules } from '../../proxy-rules.ts';
import { exitCodes, OperatorError } from '../exit-codes.ts';

/** Asks a person for one line. Undefined where nobody can be asked. */
export type AskPerson = ((question: string) => Promise<string>) | undefined;

/** How a person's machine reaches and signs in to AWS, for each profile. */
export type AwsSignIn = ReturnType<typeof createAwsSignIn>;

type CredentialsProvider = ReturnType<typeof defaultProvider>;

/**
 * Signs in to AWS for all clients of a program together, so that a person is asked for the code of an MFA device once a
 * profile. AWS takes a code only once.
 *
 * @param ask undefined where there is no terminal
 * @throws ProxyVariableError when a variable of the environment is not the URL of a proxy
 * @see [AWS SDKs, assume role with MFA](https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html)
 */
export function createAwsSignIn(ask: AskPerson) {
  const providers = new Map<string | undefined, CredentialsProvider>();
  const asked = new Set<string | undefined>();
  // A person at a terminal wants to know after seconds. The SDK's defaults wait longer.
  const patience = { connectionTimeout: 4000, requestTimeout: 60_000 };
  const requestHandler = new ProxiedHttpHandler(readProxyRules(process.env), patience);
  const providerOf = (profile: string | undefined): CredentialsProvider => {
    const mfaCodeProvider = (serial: string) => {
      asked.add(profile);
      return askForCode(ask, profile, serial);
    };
    const provider =
      providers.get(profile) ??
      defaultProvider({ ...(profile && { profile }), mfaCodeProvider, clientConfig: { requestHandler } });
    providers.set(profile, provider);
    return provider;
  };
  return {
    /** The options of a client. */
    clientSettings: (profile: string | undefined) => ({ credentials: providerOf(profile), requestHandler }),

    /**
     * Gives the credentials of a profile to a program that would ask for another code.
     *
     * @returns variables of the environment; undefined when nobody was asked, so that the program signs in by itself
     */
    async handOn(profile: string | undefined): Promise<Readonly<Record<string, string>> | undefined> {
      if (!asked.has(profile)) return undefined;
      const { accessKeyId, secretAccessKey, sessionToken = '' } = await providerOf(profile)();
      return {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
        // A profile would win over them.
        AWS_PROFILE: '',
        AWS_DEFAULT_PROFILE: '',
      };
    },
  };
}

/** A person who has mistyped so often wants to look what is wrong. */
const mostAsked = 3;

/**
 * Asks until a code comes as AWS takes it: six digits. Apps show them in two groups, so that they are typed with a space.
 *
 * @see [AssumeRole, TokenCode](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)
 */
async function askForCode(ask: AskPerson, profile: string | undefined, serial: string): Promise<string> {
  const whose = `${profile === undefined ? 'The AWS profile' : `The AWS profile "${profile}"`} asks for a code of the MFA device ${serial}`;
  if (ask !== undefined) {
    for (let asked = 0; asked < mostAsked; asked++) {
      const before = asked === 0 ? '' : ' What was typed is not six digits.';
      const code = (await ask(`${whose}.${before} The code:`)).replace(/[\s-]/g, '');
      if (/^\d{6}$/.test(code)) return code;
    }
    throw new OperatorError('mfa_code_needed', `${whose}, which has six digits. None was typed.`, exitCodes.aws);
  }
  throw new OperatorError(
    'mfa_code_needed',
    `${whose}, and there is no terminal to ask at. Run this in a terminal, or sign in first: eval "$(aws configure ` +
      `export-credentials --profile ${profile ?? 'NAME'} --format env)", and then run it without a profile.`,
    exitCodes.aws,
  );
}

/** What sends the requests of AWS clients: through the proxies of the rules, and to this machine without one. */
class ProxiedHttpHandler extends NodeHttpHandler {
  readonly #rules: ProxyRules;
  readonly #proxied = new Map<string, NodeHttpHandler>();
  constructor(rules: ProxyRules, options: NodeHttpHandlerOptions) {
    super(options);
    this.#rules = rules;
    for (const proxy of [rules.https, rules.http]) {
      if (proxy === undefined) continue;
      const agentOptions = { keepAlive: true, maxSockets: 50, proxyEnv: { https_proxy: proxy, http_proxy: proxy } };
      const agents = { httpAgent: new http.Agent(agentOptions), httpsAgent: new https.Agent(agentOptions) };
      this.#proxied.set(proxy, new NodeHttpHandler({ ...options, ...agents }));
    }
  }

  override handle(...call: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const handler = this.#proxied.get(proxyFor(this.#rules, call[0]) ?? '');
    return handler === undefined ? super.handle(...call) : handler.handle(...call);
  }
}
