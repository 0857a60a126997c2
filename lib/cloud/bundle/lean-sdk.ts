import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Files of the SDK of which a bundle needs nothing, by the end of their path, with what stands there instead. A file that
 * a later SDK names otherwise is bundled as it is, and the test of sizes tells.
 */
const replaced: Readonly<Record<string, string>> = {
  // 3.4 and 1.5 kB for a Node without SHA-256 and MD5; Lambda's has them, and the SDK takes them where it finds them.
  'sha256/Sha256Js.js': 'export const Sha256Js = undefined;',
  'md5/Md5Js.js': 'export const Md5Js = undefined;',
  // 1.2 kB that ask a virtual machine in which region it is. Lambda always sets AWS_REGION.
  'regionConfig/getInstanceMetadataRegion.js': 'export const getInstanceMetadataRegion = async () => undefined;',
  // 3.4 kB of the retry mode `adaptive`, which nobody turns on.
  'util-retry/AdaptiveRetryStrategy.js':
    'export class AdaptiveRetryStrategy { constructor() { throw new Error("The retry mode adaptive is left out.") } }',
  // 0.7 kB that read ~/.aws/config. A Lambda function has no such file, and the SDK takes it for empty.
  'shared-ini-file-loader/parseIni.js': 'export const parseIni = () => ({});',
  // 0.8 kB for the names of S3's buckets.
  'service-customizations/s3.js':
    'const absent = undefined;' +
    'export const resolveParamsForS3 = async (parameters) => parameters;' +
    'export { absent as DOT_PATTERN, absent as S3_HOSTNAME_PATTERN, absent as isArnBucketName, absent as isDnsCompatibleBucketName };',
};

/** What the SDK knows of a partition, e.g. `aws-cn`. */
interface Partition {
  readonly regionRegex: string;
  readonly regions: Readonly<Record<string, unknown>>;
}

/**
 * Takes 2.5 kB of regions out of the SDK's list of partitions: those whose partition their name tells as well, by the patterns
 * at which the SDK looks next. What is noted of them is a description, which no endpoint needs.
 *
 * @param source the file, which is JSON behind `export const partitionsInfo =`
 */
function withoutRegions(source: string): string {
  const list = source.replace(/^export const partitionsInfo = /, '').replace(/;\s*$/, '');
  const { partitions, ...rest } = JSON.parse(list) as { readonly partitions: readonly Partition[] };
  const lean = partitions.map(({ regions, ...partition }) => {
    const isTold = (name: string) =>
      partitions.find(({ regionRegex }) => new RegExp(regionRegex).test(name))?.regionRegex === partition.regionRegex;
    const kept = Object.keys(regions).filter((name) => !isTold(name));
    return { ...partition, regions: Object.fromEntries(kept.map((name) => [name, {}])) };
  });
  return `export const partitionsInfo = ${JSON.stringify({ partitions: lean, ...rest })};`;
}

/** Files of the SDK that a bundle does not need, or not whole. What a client does and throws is not touched. */
export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup({ onLoad }) {
    // A client reads its own version from here: two fields of 2.5 kB.
    onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
    onLoad({ filter: /[\\/]@aws-sdk[\\/].*[\\/]aws[\\/]partitions\.js$/ }, async ({ path }) => ({
      contents: withoutRegions(await readFile(path, 'utf8')),
    }));
    onLoad({ filter: /[\\/]@(smithy|aws-sdk)[\\/].*\.js$/ }, ({ path }) => {
      const [, end = ''] = /([^\\/]+[\\/][^\\/]+)$/.exec(path) ?? [];
      const contents = replaced[end.replace('\\', '/')];
      return contents === undefined ? undefined : { contents };
    });
  },
};
