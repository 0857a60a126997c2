import { BlockList, isIP } from 'node:net';
import { ConnectorError } from '../functions/connector-error.ts';

/** A variable that names a proxy does not hold the URL of one. The message says no part of the value, which may hold a password. */
export class ProxyVariableError extends ConnectorError {
  override readonly name = 'ProxyVariableError';
  readonly code = 'wrong_proxy';
}

/** Which proxies are used for what. Data alone, so that a worker thread can be given it. */
export interface ProxyRules {
  /** The URL of the proxy for `https:`, with its credentials; undefined for none. */
  readonly https: string | undefined;
  /** The same for `http:`. */
  readonly http: string | undefined;
  /** What is reached directly, as `NO_PROXY` has it. This machine is, whatever stands here. */
  readonly direct: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** This machine, in the words of `NO_PROXY`: what a child process is told, which has a reader of its own. */
const thisMachine = 'localhost,.localhost,127.0.0.1,127.0.0.0-127.255.255.255,127.0.0.0/8,::1,[::1],0.0.0.0';

/** Never to be reached through a proxy: this machine, and the link on which AWS answers for its own machines. */
const unreachable = new BlockList();
unreachable.addSubnet('127.0.0.0', 8);
unreachable.addAddress('::1', 'ipv6');
unreachable.addSubnet('169.254.0.0', 16);
// A connection to "any address" is one to this machine.
unreachable.addAddress('0.0.0.0');
unreachable.addAddress('::', 'ipv6');

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Lower-case names win, as they do for curl and Node.
 *
 * @param variables of the environment
 * @throws ProxyVariableError when one of them is not the URL of an HTTP proxy
 * @see [We need to talk: can we standardize NO_PROXY?](https://about.gitlab.com/blog/we-need-to-talk-no-proxy/)
 */
export function readProxyRules(variables: Variables): ProxyRules {
  return {
    https: readProxy(variables, 'HTTPS_PROXY'),
    http: readProxy(variables, 'HTTP_PROXY'),
    direct: variables.no_proxy || variables.NO_PROXY || '',
  };
}

function readProxy(variables: Variables, upper: string): string | undefined {
  const name = variables[upper.toLowerCase()] ? upper.toLowerCase() : upper;
  const value = variables[name]?.trim();
  if (!value) return undefined;
  // HOST:PORT alone is common; a URL parser would take the host for a scheme.
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (isProxyUrl(text)) return text;
  throw new ProxyVariableError(
    `${name} is not the URL of a proxy that can be used; allowed: http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ ` +
      `before the host where it asks for them (other signs than letters and digits as %XX). Correct ${name}, or unset it.`,
  );
}

function isProxyUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password } = new URL(text);
    // Throws at a per cent sign that stands for itself, as every client of the proxy would.
    decodeURIComponent(`${username}:${password}`);
    return /^https?:$/.test(protocol) && hostname !== '';
  } catch {
    return false;
  }
}

/**
 * Says which proxy a call goes through.
 *
 * @param url of the call; its path does not matter
 * @returns the proxy's URL with its credentials; undefined when the call goes directly
 */
export function proxyFor(
  rules: ProxyRules,
  url: { readonly protocol: string; readonly hostname: string; readonly port?: string | number | undefined },
): string | undefined {
  const proxy = url.protocol === 'https:' ? rules.https : rules.http;
  if (proxy === undefined) return undefined;
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  if (/(^|\.)localhost$/.test(host) || isIn(unreachable, host)) return undefined;
  const entries = rules.direct.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => entry !== '' && covers(entry, host, port)) ? undefined : proxy;
}

/** An entry is `*`, a host with or without a port, a domain, an address, a subnet or a range of addresses. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const addresses = addressesOf(entry);
  if (addresses !== undefined) return isIn(addresses, host);
  const [, name = entry, itsPort] = (isIP(entry) === 0 && /^(.*[^:\]]|\[.*\]):(\d+)$/.exec(entry)) || [];
  if (itsPort !== undefined && Number(itsPort) !== port) return false;
  const domain = name.replace(/^\*?\.|^\[|\]$|\.$/g, '');
  if (isIP(domain) === 0) return host === domain || host.endsWith(`.${domain}`);
  // An address has several spellings.
  const address = new BlockList();
  address.addAddress(domain, familyOf(domain));
  return isIn(address, host);
}

/** @returns undefined when the entry is neither a subnet nor a range */
function addressesOf(entry: string): BlockList | undefined {
  const list = new BlockList();
  const [subnet = '', bits] = entry.split('/');
  if (bits !== undefined && isIP(subnet) !== 0 && /^\d+$/.test(bits)) {
    if (Number(bits) > (isIP(subnet) === 6 ? 128 : 32)) return undefined;
    list.addSubnet(subnet, Number(bits), familyOf(subnet));
    return list;
  }
  const [first = '', last = ''] = entry.split('-');
  if (isIP(first) === 0 || isIP(first) !== isIP(last)) return undefined;
  try {
    list.addRange(first, last, familyOf(first));
    return list;
  } catch {
    return undefined; // It ends before it begins.
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const isIn = (addresses: BlockList, host: string): boolean => isIP(host) !== 0 && addresses.check(host, familyOf(host));

/**
 * Says it to programs that this one starts, among them the CDK: each has a reader of its own, and none may reach this
 * machine through a proxy.
 *
 * @param variables of the environment, which are changed
 */
export function keepThisMachineDirect(variables: Record<string, string | undefined>, { direct }: ProxyRules): void {
  const told = [direct, thisMachine].filter((text) => text !== '').join(',');
  if (direct.includes(thisMachine)) return;
  variables.NO_PROXY = told;
  variables.no_proxy = told;
}
