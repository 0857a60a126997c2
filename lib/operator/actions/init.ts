import { relative, resolve } from 'node:path';
import type { Report, Session } from '../session.ts';

/** Makes a repository of an integrator's own, and says what to do in it. */
export async function init({ surroundings, terminal }: Session, _: object, path: string): Promise<Report> {
  // npm runs scripts in the folder of package.json, and says where the person is.
  const from = terminal.variables.INIT_CWD || process.cwd();
  const { folder, files } = await terminal.working('Making the repository', () =>
    surroundings.makeStarter(resolve(from, path)),
  );
  const shown = relative(from, folder) || '.';
  const text = [
    `Made ${folder}:`,
    ...files.map((file) => `  ${file}`),
    '',
    'Next, in two commands, on Node 24 (or 22.21 and newer of 22):',
    `  cd ${shown} && npm install`,
    '  npm start',
  ];
  return { data: { folder, files }, text: text.join('\n') };
}
