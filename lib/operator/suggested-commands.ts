import { procoreEnvironmentNames } from '../../functions/procore/environment.ts';

const program = 'npm run procore -- ';
/** A command in prose: its words, up to the punctuation, bracket or line that ends it. */
const suggestion = new RegExp(`${program}(?:[^\\s"\`(),;:.]|"[^"]*"|[:.](?=[^\\s"\`)])| (?=\\S))+`, 'g');
/** Flags that say which stack is meant: a command that follows from another means the same. */
const stackFlags = ['--local', '--endpoint', '--stage', '--stack', '--region', '--profile'];
/** Commands that take the flags of a stack. */
const ofStack =
  /^(connect|connections|console|credentials|doctor|erase|events|jobs|restore|stand-in|status|support-report|trigger|verify|webhooks)\b/;
/** Of these, the ones that take an environment by `--environment` alone. */
const byFlag = /^(connect|connections|erase|events|jobs|restore|stand-in|support-report|trigger|webhooks)\b/;

/**
 * Takes commands out of a text, so that each can stand on a line of its own and be copied.
 *
 * @returns the text, which points to what stands below it, and the commands
 */
export function setCommandsApart(text: string): { readonly prose: string; readonly commands: readonly string[] } {
  const commands: string[] = [];
  const prose = text.replace(suggestion, (command, at: number) => {
    commands.push(command);
    const isLast = /^[`.]*$/.test(text.slice(at + command.length));
    return isLast && /: `?$/.test(text.slice(0, at)) ? '' : 'the command below';
  });
  const tidied = prose.replaceAll('`the command below`', 'the command below').replace(/:\s*[`.]*$/, ':');
  return commands.length === 0 ? { prose: text, commands } : { prose: tidied, commands: [...new Set(commands)] };
}

/**
 * Completes the commands that a text suggests: with the flags that chose the stack of this run, and its environment.
 *
 * @param argv the words of this run
 */
export function completeCommands(text: string, argv: readonly string[]): string {
  const chosen = stackFlags.map((flag) => flagOf(argv, flag)).filter((flag) => flag !== undefined);
  const [, named] = flagOf(argv, '--environment') ?? [];
  const environment = named ?? argv.find((word) => (procoreEnvironmentNames as readonly string[]).includes(word));
  return text.replace(suggestion, (command) => {
    const words = command.slice(program.length);
    if (!ofStack.test(words) || /(^| )--help\b/.test(words)) return command;
    const completed = environment === undefined ? command : command.replace(/\bENVIRONMENT\b/, environment);
    const lacksName = environment !== undefined && byFlag.test(words) && !words.includes('--environment');
    const flags = [...(lacksName ? [['--environment', environment]] : []), ...chosenFor(words, chosen)];
    return [completed, ...flags.flat()].join(' ');
  });
}

/** Names a connection in the commands that a text suggests for any. */
export function nameConnection(text: string, connectionId: string): string {
  return text.replace(suggestion, (command) => command.replace(/\bCONNECTION\b/, () => connectionId));
}

function chosenFor(words: string, chosen: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const given = words.split(' ');
  return chosen.filter(([flag = '']) => !given.includes(flag));
}

/** Finds a flag in the words of a run. @returns the flag, with its value if it has one */
function flagOf(argv: readonly string[], flag: string): readonly string[] | undefined {
  const index = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = argv[index];
  if (word === undefined) return undefined;
  if (flag === '--local') return [flag];
  const value = word === flag ? argv[index + 1] : word.slice(flag.length + 1);
  return value === undefined ? undefined : [flag, value];
}
