import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reservePorts } from '../../lib/ports.ts';
import { copyProject, type ProjectCopy, type Running } from './project-copy.ts';

/** A block of code of the tutorial. */
interface Step {
  readonly language: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

/** The steps of the section of README.md that a newcomer follows, as they stand there. */
const [, tutorial = ''] =
  /^## Your first integration\n(.*?)^## /ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
const steps: readonly Step[] = [...tutorial.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(
  ([, language = '', text = '']): Step => ({ language, text }),
);

let project: ProjectCopy;
let terminal: Running;
let aws: string;
/** How far the first terminal has been read. */
let read = 0;

beforeAll(async () => {
  project = await copyProject();
  // What `npm test` needs, and no test but the integrator's own.
  for (const part of ['vitest.config.ts', 'test/setup', 'test/on-event.test.ts']) {
    await cp(join(root, part), join(project.folder, part), { recursive: true });
  }
  const { first, release } = await reservePorts();
  aws = `http://127.0.0.1:${first}`;
  terminal = project.run('bin/local.ts', '--port', String(first));
  read = await terminal.untilPrinted(/The functions' log:/);
  await release();
}, 300_000);

afterAll(() => project.remove());

/** What a reader does with a block, by its language. A new kind of step is a new line here. */
const follow: Readonly<Record<string, (text: string) => Promise<void>>> = {
  /** It is all of the file that its first line names. */
  async ts(text) {
    const [, path] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? [];
    expect(['functions/on-event.ts', 'test/on-event.test.ts']).toContain(path);
    await writeFile(join(project.folder, path ?? ''), text);
  },
  /** It is typed into a second terminal. */
  async sh(text) {
    for (const line of text
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n')) {
      const runsAlone = onItsOwn[line];
      if (runsAlone !== undefined) {
        await runsAlone();
        continue;
      }
      const { printed, exit } = project.run(...programOf(line));
      expect({ line, status: await exit(), err: printed.err }).toMatchObject({ line, status: 0 });
    }
  },
  /** It appears in the first terminal; figures may differ. */
  async text(text) {
    for (const line of text.trim().split('\n')) read = await terminal.untilPrinted(likeThis(line), read);
  },
};

/** Commands that need no running system: what shows that they did their work. */
const onItsOwn: Readonly<Record<string, () => Promise<void>>> = {
  async 'npm test -- test/on-event.test.ts'() {
    expect(scripts.test).toBe('node bin/run.js vitest run');
    const { printed, exit } = project.run('node_modules/vitest/vitest.mjs', 'run', 'test/on-event.test.ts');
    expect({ status: await exit(), ...printed }).toMatchObject({
      status: 0,
      out: expect.stringMatching(/Test Files.*1 passed.*Tests.*2 passed/s),
    });
  },
  async 'npm run synth'() {
    const { printed, exit } = project.runSignedOut(...programOf('npm run synth'));
    expect({ status: await exit(), ...printed }).toMatchObject({ status: 0 });
    const bundle = await readFile(join(project.folder, 'cdk.out', 'ProcoreConnector.template.json'), 'utf8');
    expect(bundle).toContain('WebhookWorker');
  },
  /** It goes as far as it can without AWS: to the request to sign in. Nothing here deploys. */
  async 'npm run deploy'() {
    const { printed, exit } = project.runSignedOut(...programOf('npm run deploy'));
    expect({ status: await exit(), ...printed }).toMatchObject({
      status: 5,
      err: expect.stringMatching(/To deploy, sign in and say in which region: aws sso login /),
    });
  },
};

/** The program behind an npm script, with the endpoint of this test's system in the place of the usual one. */
function programOf(line: string): string[] {
  const [npm, run, script = '', ...given] = line.split(/\s+/);
  const [node, launcher, file, ...own] = (run === 'run' ? scripts[script] : undefined)?.split(' ') ?? [];
  if (npm !== 'npm' || node !== 'node' || launcher !== 'bin/run.js' || file === undefined) {
    throw new Error(`The tutorial has a command that this test cannot run: ${line}`);
  }
  const parameters = given.filter((word) => word !== '--');
  return [file, ...own, ...parameters, ...(isAtThisMachine(parameters) ? ['--endpoint', aws] : [])];
}

/** Some commands exist for this machine alone. */
function isAtThisMachine([command = '', ...others]: readonly string[]): boolean {
  return ['trigger', 'stand-in'].includes(command) || others.includes('--local');
}

function likeThis(line: string): RegExp {
  const literal = line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(literal.replaceAll(/\d+/g, '\\d+'));
}

describe('the tutorial of README.md, step by step as it stands there', { timeout: 300_000 }, () => {
  it('has an edit, what is seen of it, a trigger, a test and a deployment', () => {
    expect(steps.map(({ language }) => language)).toEqual(expect.arrayContaining(['ts', 'text', 'sh']));
    const commands = steps.filter(({ language }) => language === 'sh').map(({ text }) => text.trim());
    expect(commands).toEqual(
      expect.arrayContaining(['npm run procore -- trigger RFIs.update', ...Object.keys(onItsOwn)]),
    );
  });

  it.each(steps.map((step, index) => [index + 1, step.language, step] as const))(
    'step %i (%s)',
    async (_, language, step) => {
      const doIt = follow[language];
      if (doIt === undefined)
        throw new Error(`The tutorial has a block of "${language}", which this test cannot follow.`);
      await doIt(step.text);
    },
  );

  it('ends with the event handled, and with no fault of the file that it has shown', async () => {
    const list = project.run(...programOf('npm run procore -- events list --local --environment sandbox'));
    expect(await list.exit()).toBe(0);
    expect(list.printed.out).toMatch(/^handled .*\s+RFIs update/m);
    expect(terminal.printed.out.slice(terminal.printed.out.indexOf("The functions' log:"))).not.toMatch(
      /✗|cannot be|type error/,
    );
  });
});
