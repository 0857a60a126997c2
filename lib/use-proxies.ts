import { keepThisMachineDirect, type ProxyRules, proxyFor, readProxyRules } from './proxy-rules.ts';

/**
 * Has every `fetch` of this process go through the proxy that the environment names for it, and no call to this machine
 * through any. Clients of AWS have agents of their own: see lib/operator/aws/client-settings.ts.
 *
 * @param variables of the environment; `NO_PROXY` is completed, for the programs that this one starts
 * @returns the passwords of the proxies, which nothing may print
 * @throws ProxyVariableError when a variable is not the URL of a proxy
 */
export async function useProxies(variables: Record<string, string | undefined>): Promise<readonly string[]> {
  const rules = readProxyRules(variables);
  const proxies = [rules.https, rules.http].filter((proxy) => proxy !== undefined);
  if (proxies.length === 0) return [];
  keepThisMachineDirect(variables, rules);
  await applyProxyRules(rules);
  const passwords = proxies.map((proxy) => new URL(proxy).password).filter((password) => password !== '');
  return passwords.flatMap((password) => [password, decodeURIComponent(password)]);
}

/** Does the same for one thread of the process, by rules that were read already. */
export async function applyProxyRules(rules: ProxyRules): Promise<void> {
  // All this takes its time to load, and who has no proxy does not need it.
  const [{ Agent, ProxyAgent, setGlobalDispatcher }, { default: http }, { default: https }] = await Promise.all([
    import('undici'),
    import('node:http'),
    import('node:https'),
  ]);
  const agents = new Map(
    [rules.https, rules.http].flatMap((proxy) =>
      proxy === undefined ? [] : [[proxy, new ProxyAgent(proxy)] as const],
    ),
  );
  setGlobalDispatcher(
    new Agent().compose((dispatch) => (options, handler) => {
      const agent = agents.get(proxyFor(rules, new URL(options.origin ?? 'http://localhost')) ?? '');
      return agent === undefined ? dispatch(options, handler) : agent.dispatch(options, handler);
    }),
  );
  // With NODE_USE_ENV_PROXY, Node has given these proxies for all the world, this machine with it.
  http.globalAgent = new http.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 });
  https.globalAgent = new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 });
}
