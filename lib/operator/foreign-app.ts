/** The scripts of an app's package.json, by their names. */
export type Scripts = Readonly<Record<string, unknown>>;

/** What a person types in an app that has the package installed. `--no-install`: npm must not fetch what bears that name. */
const direct = 'npx --no-install procore-connector';

/** What a script of the app does when it is ours: `start` and `verify` are names that an app may have for something else. */
const ours = {
  procore: /\bprocore\b/,
  start: /\bprocore(-connector)? dev\b/,
  verify: /\bprocore\b/,
  cost: /\bprocore\b/,
  deploy: /\b(procore|cdk)\b/,
  bootstrap: /\b(procore|cdk)\b/,
} as const;

/**
 * Makes a text of ours fit an app that has the package installed. Where the app has a script of the same name that does the
 * same, as the starter has, the text stays as it is.
 *
 * @param scripts of the app
 */
export function inForeignApp(text: string, scripts: Scripts): string {
  const has = (name: keyof typeof ours) => ours[name].test(String(scripts[name] ?? ''));
  const program = has('procore') ? 'npm run procore --' : direct;
  const script = (_: string, name: 'verify' | 'cost' | 'deploy' | 'bootstrap', hyphens = '') => {
    if (has(name)) return `npm run ${name}${hyphens}`;
    return ['verify', 'cost'].includes(name) ? `${program} ${name}` : `npx cdk ${name}`;
  };
  const fitted = text
    .replace(/npm run (?:--silent )?procore --/g, program)
    .replace(/npm run (verify|cost|deploy|bootstrap)( --)?/g, script);
  return has('start')
    ? fitted
    : fitted.replace(/npm start( -- )?/g, (_, hyphens) => `${program} dev${hyphens ? ' ' : ''}`);
}

/** What is a script of this repository, and how an app of one's own does it. */
const ofAnApp: Readonly<Record<string, string>> = {
  synth: 'Your own app synthesizes it: npx cdk synth.',
  bootstrap: 'Prepare account and region with npx cdk bootstrap.',
  start: 'Your own app runs on this machine by npm run procore -- dev.',
};

/**
 * Tells of words that are a script of this repository, and no command.
 *
 * @returns what to do instead; undefined for everything else
 */
export function ofTheRepository([first = '']: readonly string[]): string | undefined {
  const instead = Object.hasOwn(ofAnApp, first) ? ofAnApp[first] : undefined;
  if (instead === undefined) return undefined;
  return `"${first}" is no command of the package: the script of that name belongs to a checkout of Procore Connector, and to its bin/app.ts. ${instead}`;
}
