// Runs the tests of one folder of mutation-folders.ts. StrykerJS starts Vitest in processes of its own, which inherit
// the folder's name.
import { configDefaults, defineConfig } from 'vitest/config';
import configuration from '../../vitest.config.ts';
import { mutationFolders } from './mutation-folders.ts';

const name = process.env.PROVE_FOLDER ?? '';
const folder = mutationFolders[name];
if (folder === undefined) throw new Error(`PROVE_FOLDER is "${name}", which is no folder of mutation-folders.ts.`);

export default defineConfig({
  ...configuration,
  test: {
    ...configuration.test,
    include: [...folder.tests, 'test/every-error.test.ts'],
    exclude: [...configDefaults.exclude, ...(folder.without ?? [])],
  },
});
