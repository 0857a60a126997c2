import { entries } from './entries.ts';

/** What is taken over from the repository's package.json. */
interface RepositoryManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/**
 * Makes the package.json of the package. It is another one than the repository's: who installs the package gets no tools,
 * scripts and Nodes of ours, and the repository's own stays `private`, so that nobody publishes a checkout.
 *
 * @param repository where it is built, e.g. `acme/procore-connector`, if GitHub builds it: provenance has to say the same
 */
export function packageManifest(
  { name, version, description, license, ...needed }: RepositoryManifest,
  repository?: string,
): object {
  return {
    ...{ name, version, description, license },
    ...(repository && { repository: { type: 'git', url: `git+https://github.com/${repository}.git` } }),
    keywords: ['procore', 'aws', 'cdk', 'aws-cdk', 'construct', 'oauth', 'webhooks', 'serverless'],
    type: 'commonjs',
    main: './index.js',
    types: './index.d.ts',
    exports: {
      ...Object.fromEntries(
        Object.keys(entries).map((entry) => [entry === 'index' ? '.' : `./${entry}`, conditionsOf(entry)]),
      ),
      './package.json': './package.json',
    },
    bin: { [name]: './bin/procore-connector.mjs', procore: './bin/procore-connector.mjs' },
    sideEffects: false,
    engines: { node: '>=20' },
    dependencies: needed.dependencies,
    peerDependencies: needed.peerDependencies,
    // npm makes provenance only in a workflow, and refuses to publish without: nobody publishes from a desk.
    publishConfig: { access: 'public', provenance: true },
  };
}

function conditionsOf(entry: string) {
  return {
    import: { types: `./${entry}.d.mts`, default: `./${entry}.mjs` },
    require: { types: `./${entry}.d.ts`, default: `./${entry}.js` },
  };
}
