import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

/**
 * The folder in which a local system and its command line meet: this repository. In the published package this file is a
 * part of the command line, and it is the folder of the app, in which that is started.
 */
export const ownFolder = existsSync(here) ? fileURLToPath(new URL('..', import.meta.url)) : process.cwd();
