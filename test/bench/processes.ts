import { fork } from 'node:child_process';
import { once } from 'node:events';
import { endWithParent } from '../../lib/end-with-parent.ts';

/** A child process that answers one question at a time. */
export interface BenchProcess<Question, Answer> {
  /** @throws Error when the process ends without an answer */
  ask(question: Question): Promise<Answer>;
  stop(): void;
}

/**
 * Starts a program in a process of its own, which says `ready` first. It ends with this process at the latest.
 *
 * @param file the program, which calls {@link answerQuestions}
 * @param variables laid over this process's environment
 * @param printed what becomes of the lines that it prints
 * @throws Error when the process ends before it is ready
 */
export async function startProcess<Question, Answer>(
  file: URL,
  variables: Readonly<Record<string, string>> = {},
  printed: 'inherit' | 'ignore' = 'inherit',
): Promise<BenchProcess<Question, Answer>> {
  const child = fork(file, { env: { ...process.env, ...variables }, stdio: ['ignore', printed, 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([status, signal]) => {
    throw new Error(`${file.pathname.split('/').at(-1)} ended with ${signal ?? `status ${status}`}.`);
  });
  // Between two questions nobody listens; the next one is told.
  ended.catch(() => {});
  const next = async () => {
    const [said] = await Promise.race([once(child, 'message'), ended]);
    return said;
  };
  await next();
  return {
    async ask(question) {
      // A process that has ended says so by `ended`.
      child.send(question as object, () => {});
      return (await next()) as Answer;
    },
    stop() {
      child.kill();
    },
  };
}

/** Answers the questions of the process that started this one, one after the other, and ends with it. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  endWithParent();
  process.on('message', async (question: Question) => {
    const answered = await answer(question);
    if (process.connected) process.send?.(answered as object);
  });
  process.send?.('ready');
}
