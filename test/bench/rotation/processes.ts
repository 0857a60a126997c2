import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A child process that answers one question at a time. */
export interface BenchProcess<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  stop(): void;
}

/**
 * Starts a program of this folder in a process of its own, which says `ready` first.
 *
 * @param file e.g. `caller-process.ts`
 * @param variables laid over this process's environment
 */
export async function startProcess<Question, Answer>(
  file: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<BenchProcess<Question, Answer>> {
  const child = fork(new URL(file, import.meta.url), { env: { ...process.env, ...variables } });
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`${file} ended with status ${status}.`);
  });
  const next = async () => {
    const [said] = await Promise.race([once(child, 'message'), ended]);
    return said;
  };
  await next();
  return {
    async ask(question) {
      child.send(question as object);
      return (await next()) as Answer;
    },
    stop() {
      ended.catch(() => {});
      child.kill();
    },
  };
}

/** Answers the questions of the process that started this one, one after the other. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', async (question: Question) => {
    process.send?.((await answer(question)) as object);
  });
  process.send?.('ready');
}
