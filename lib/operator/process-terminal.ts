import { exitCodes } from './exit-codes.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/**
 * Makes the terminal of this process, for a program that runs the command line: Ctrl-C ends it, and so does a reader that has
 * seen enough.
 *
 * @param fitted makes a text fit the place in which the program runs
 */
export function terminalOfProcess(fitted: (text: string) => string = (text) => text): Terminal {
  const { stdin, stdout, stderr, env } = process;
  process.on('SIGINT', () => {
    // Whoever else listens has work that must not be cut off, and ends it.
    if (process.listenerCount('SIGINT') === 1) process.exit(exitCodes.interrupted);
  });
  // A reader that has seen enough (`| head`) is no failure.
  stdout.once('error', () => process.exit(exitCodes.done));
  return createTerminal({
    stdout: {
      write: (text) => stdout.write(fitted(text)),
      hasColors: stdout.isTTY === true ? (variables) => stdout.hasColors({ ...variables }) : undefined,
    },
    stderr: { write: (text) => stderr.write(fitted(text)), columns: stderr.columns },
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    variables: env,
  });
}
