import { readFileSync } from 'node:fs';

/** How often it looks whether the parent still lives. */
const lookMilliseconds = 500;

/**
 * Ends this process soon after the one that started it is gone, whatever ended that one. A killed npm passes its signal
 * on to its shell alone, and the program under that shell would run on. A killed program tells its children nothing.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  // Under an npm script the parent is npm's shell, which lives on when npm is killed.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  const grandparent = underNpm ? parentOf(parent) : undefined;
  const isAlone = () => process.ppid !== parent || (underNpm && parentOf(parent) !== grandparent);
  setInterval(() => isAlone() && process.exit(), lookMilliseconds).unref();
  if (process.send === undefined) return;
  // A forked process hears it at once.
  process.once('disconnect', () => process.exit());
  if (!process.connected) process.exit();
}

/** @returns the id of a process's parent; undefined where the system has no /proc, or no such process */
function parentOf(pid: number): string | undefined {
  try {
    // The program's name, in parentheses, may hold anything. After it come the state and the parent.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
  } catch {
    return undefined;
  }
}
