import { readFileSync } from 'node:fs';
import { ConfigurationError } from './configuration-error.ts';

const cdkJson = new URL('../cdk.json', import.meta.url);

/**
 * Reads the `procore` block of cdk.json, the one place of settings.
 *
 * @param path tests give another
 * @returns undefined when the file has none
 * @throws ConfigurationError that says what is wrong with the file
 */
export function readProcoreBlock(path: URL = cdkJson): unknown {
  return readCdkContext(path).procore;
}

/**
 * Reads the context of cdk.json: our own block, and the switches of the CDK.
 *
 * @param path tests give another
 * @throws ConfigurationError that says what is wrong with the file
 */
export function readCdkContext(path: URL = cdkJson): Readonly<Record<string, unknown>> {
  try {
    const { context } = JSON.parse(readFileSync(path, 'utf8'));
    return context ?? {};
  } catch (error) {
    const what = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new ConfigurationError('cdk.json', `cdk.json cannot be read: ${what}. Mend it, then try again.`);
  }
}
