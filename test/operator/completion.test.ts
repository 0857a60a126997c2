import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript, type ShellName } from '../../lib/operator/shells.ts';
import { runBare } from './operator.ts';

/** What stands where the script says that our program is: it shows its arguments as proposals. */
const folder = '/tmp/a folder of O\'Neill "x" $HOME';

async function proposed(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await runBare(['complete', '--', ...words]);
  return out
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

async function scriptOf(shell: ShellName): Promise<string> {
  return (await runBare(['completion', shell])).out;
}

/** Runs a script of a shell. @returns its lines */
function run(shell: ShellName, script: string): readonly string[] {
  const bare = { bash: ['--norc', '--noprofile'], zsh: ['-f'], fish: ['--no-config'] }[shell];
  return execFileSync(shell, [...bare, '-c', script], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

/** What a shell proposes after some words of which the last is the one before the cursor. */
const pressTab: Readonly<Record<ShellName, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) =>
    run(
      'bash',
      `${script}\nCOMP_WORDS=(${quoted(['procore', ...words])}); COMP_CWORD=${words.length}; _procore; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ),
  zsh: (script, words) =>
    run(
      'zsh',
      `compdef() { }; _describe() { print -rl -- "\${(@)\${(@P)2}%%:*}" }\n${script}\nwords=(${quoted(['procore', ...words])}); CURRENT=${words.length + 1}; _procore`,
    ),
  fish: (script, words) =>
    run('fish', `${script}\ncomplete -C ${quoted([['procore', ...words].join(' ')])}`).map(
      (line) => line.split('\t')[0] ?? '',
    ),
};

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

const isThere = (shell: ShellName) => spawnSync(shell, ['-c', 'true']).status === 0;
const shells = (['bash', 'zsh', 'fish'] as const).filter((shell) => shell === 'bash' || isThere(shell));

describe('what is proposed', () => {
  it.each([
    ['commands by their beginning', ['conn'], ['connect', 'connections']],
    ['the commands of a group', ['connections', ''], ['list', 'show', 'rotate', 'disconnect']],
    ['options, once somebody types a hyphen', ['connect', 'acme', '--no'], ['--no-open', '--no-wait']],
    ['environments, as a word', ['doctor', 's'], ['sandbox']],
    ['environments, for the option', ['connections', 'list', '--environment', 'p'], ['production']],
    ['the words that an option takes', ['events', 'list', '--status', ''], ['handled', 'failed', 'waiting']],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['nothing where only a person knows', ['connections', 'list', '--stack', ''], ['']],
    ['nothing under an unknown word', ['nonsense', ''], ['']],
    ['no command that is for scripts', ['comp'], ['completion']],
  ])('%s', async (_, words, wanted) => {
    expect(await proposed(...words)).toEqual(wanted);
  });

  it('is no option that was given already', async () => {
    const first = await proposed('connections', 'list', '--');
    expect(first).toContain('--json');
    expect(await proposed('connections', 'list', '--json', '--')).toEqual(first.filter((word) => word !== '--json'));
  });
});

describe.each(shells)('completion in %s', { timeout: 60_000 }, (shell) => {
  it.each([
    ['commands', ['conn'], ['connect', 'connections']],
    ['commands of a group', ['connections', 'sh'], ['show']],
    ['options', ['connect', 'acme', '--no'], ['--no-open', '--no-wait']],
    ['values of options', ['events', 'list', '--status', 'ha'], ['handled']],
  ])('completes %s', async (_, words, wanted) => {
    expect(pressTab[shell](await scriptOf(shell), words)).toEqual(wanted);
  });

  it('makes procore a command, unless there is one', async () => {
    const script = await scriptOf(shell);
    const show = shell === 'bash' ? 'declare -f procore' : 'functions procore';
    expect(run(shell, `${script}\n${show}`).join('\n')).toContain('npm --prefix');
    const mine = shell === 'fish' ? 'function procore; echo mine; end' : 'procore() { echo mine; }';
    expect(run(shell, `${mine}\n${script}\nprocore`)).toEqual(['mine']);
  });

  it('finds the program in a folder of any name', () => {
    const program = {
      package: { name: 'procore-connector', version: '1.2.3' },
      ...{ node: '/bin/echo', script: `${folder}/bin/procore.ts`, command: ['echo'] },
    };
    const [line] = pressTab[shell](completionScript(shell, program), ['']);
    expect(line ?? '').toContain(`${folder}/bin/procore.ts complete --`);
  });
});

it('completes --name=value in bash, which takes it for three words', async () => {
  const script = await scriptOf('bash');
  expect(pressTab.bash(script, ['doctor', '--environment', '=', 'sa'])).toEqual(['sandbox']);
  expect(pressTab.bash(script, ['doctor', '--environment', '='])).toHaveLength(4);
});

it('refuses a shell that we do not know, and says which we do', async () => {
  const { exitCode, err } = await runBare(['completion', 'powershell']);
  expect(exitCode).toBe(2);
  expect(err).toContain('SHELL is bash, zsh or fish.');
});
