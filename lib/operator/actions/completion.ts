import type { Report, Session } from '../session.ts';
import { completionScript, type ShellName } from '../shells.ts';

/** Prints the script that completes `procore` in a shell. */
export async function completion({ surroundings }: Session, _: object, shell: ShellName): Promise<Report> {
  const script = completionScript(shell, surroundings.program);
  return { data: { shell, script }, text: script.trimEnd() };
}

/** Proposes how the last of some words can go on: a line each, with a tab before what it means. */
export async function complete({ propose }: Session, _: object, ...words: readonly string[]): Promise<Report> {
  const proposals = (await propose(words)).filter(({ completion: word }) => word !== '--');
  // Options wait until somebody types a hyphen, unless there is nothing else to type.
  const others = proposals.filter(({ kind }) => kind !== 'argument:flag');
  const shown = others.length > 0 ? others : proposals;
  return { data: shown, text: shown.map(({ completion: word, brief }) => `${word}\t${brief}`).join('\n') };
}
