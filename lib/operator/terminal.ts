import { spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { exitCodes, OperatorError, usageError } from './exit-codes.ts';
import { showsColours } from './paint.ts';

/** Shows what takes its time; `say` tells how far it is. */
export type Work<T> = (say: (text: string) => void) => Promise<T>;

/** The person or program at the other end of the command line. */
export interface Terminal {
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Whether stdout shows colours. */
  readonly colours: boolean;
  /** Environment variables; a secret may stand there, never in an option. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Keeps a secret out of everything that is written from now on. */
  conceal(secret: string): void;
  /** Writes to stdout: the result. */
  print(text: string): void;
  /** Writes to stderr: what a person should know meanwhile. */
  tell(text: string): void;
  /** Runs what may take longer than a second, and shows that it does, on stderr. */
  working<T>(text: string, work: Work<T>): Promise<T>;
  /**
   * Runs what must not be cut off in between. The first Ctrl-C aborts the signal, so that the work comes to its end; the
   * second one ends the program.
   */
  untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Asks for a visible text. @throws OperatorError when nobody can be asked, or on Ctrl-C */
  askText(question: string): Promise<string>;
  /** Asks for a secret without showing it, and conceals it. @throws OperatorError as {@link askText} */
  askSecret(question: string): Promise<string>;
  /** Asks yes or no. @throws OperatorError as {@link askText} */
  confirm(question: string): Promise<boolean>;
  /** Opens a page in the person's browser. @returns whether a browser was started */
  openPage(url: string): Promise<boolean>;
}

/** Where a terminal reads and writes. */
export interface TerminalStreams {
  readonly stdout: {
    write(text: string): unknown;
    /** What Node says of it with these environment variables. @default it is no terminal, and shows no colours */
    readonly hasColors?: ((variables: Readonly<Record<string, string | undefined>>) => boolean) | undefined;
  };
  readonly stderr: { write(text: string): unknown; readonly columns?: number };
  readonly interactive: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /**
   * How long work may take in silence.
   *
   * @default 1000 (milliseconds)
   */
  readonly patienceMs?: number;
  /**
   * Where Ctrl-C is heard, as `SIGINT`. While nobody but the program itself listens there, it ends the program.
   *
   * @default this process
   */
  readonly signals?: Pick<EventEmitter, 'once' | 'off'>;
}

/** Shorter ones would tear holes into ordinary words. */
const shortestConcealed = 6;

/** Back to the first column, and nothing on the line. */
const clearLine = '\r\u001B[2K';

/** Keeps secrets out of texts. */
export interface Concealer {
  /** Keeps a secret out of every text from now on. */
  conceal(secret: string): void;
  /** @returns the text without the secrets that are known so far */
  clean(text: string): string;
}

/** Makes a concealer that knows no secret yet. */
export function createConcealer(): Concealer {
  /** The longest first: one may be the beginning of another. */
  let concealed: readonly string[] = [];
  return {
    conceal(secret) {
      const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
      const known = new Set([...concealed, ...forms.filter(({ length }) => length >= shortestConcealed)]);
      concealed = [...known].toSorted((one, other) => other.length - one.length);
    },
    clean: (text) => concealed.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[concealed]'), text),
  };
}

/** Makes the terminal of some streams; prompts go to the process's own. */
export function createTerminal(streams: TerminalStreams): Terminal {
  const { stdout, stderr, interactive, variables, patienceMs = 1000, signals = process } = streams;
  const { conceal, clean } = createConcealer();
  const { show: showStatus, end: endStatus, asking } = statusLine(stderr, clean);
  const tell = (text: string) => {
    endStatus();
    stderr.write(`${clean(text)}\n`);
  };
  const requirePerson = (question: string) => {
    if (!interactive) throw usageError(`${question} is asked for, and there is no terminal to ask at.`);
  };

  return {
    interactive,
    colours: showsColours(variables, stdout.hasColors),
    variables,
    conceal,
    print: (text) => void stdout.write(`${clean(text)}\n`),
    tell,
    working: (text, work) => showProgress(patienceMs, text, work, interactive ? showStatus : tellOnce(tell), endStatus),
    async untilInterrupted(work) {
      const interruption = new AbortController();
      const interrupt = () => {
        tell('Interrupted: ending with what has been begun. Ctrl-C once more ends at once.');
        interruption.abort();
      };
      signals.once('SIGINT', interrupt);
      return work(interruption.signal).finally(() => signals.off('SIGINT', interrupt));
    },
    async askText(question) {
      requirePerson(question);
      return asking<string>(() => promptForText(question));
    },
    async askSecret(question) {
      requirePerson(question);
      const { password } = await import('@clack/prompts');
      const secret = await asking<string>(() => password({ message: question, output: process.stderr }));
      conceal(secret);
      return secret;
    },
    async confirm(question) {
      if (!interactive) throw usageError(`${question} Nobody can be asked here: add --yes to do it.`);
      const { confirm } = await import('@clack/prompts');
      return asking<boolean>(() => confirm({ message: question, initialValue: false, output: process.stderr }));
    },
    openPage,
  };
}

/** The line on stderr that progress writes again and again, and that gives way to everything else. */
function statusLine(stderr: TerminalStreams['stderr'], clean: (text: string) => string) {
  let status = '';
  /** Questions that wait for an answer, which progress must not write over. */
  let open = 0;
  const end = () => {
    if (status !== '') stderr.write(clearLine);
    status = '';
  };
  return {
    end,
    show(line: string, seconds: number) {
      if (open > 0) return;
      // A line that wraps could not be taken back.
      status = clean(`${line} … ${seconds} s`).slice(0, (stderr.columns ?? 80) - 1);
      stderr.write(`${clearLine}${status}`);
    },
    async asking<T extends string | boolean>(question: () => Promise<T | symbol>): Promise<T> {
      end();
      open += 1;
      const answer = await question().finally(() => {
        open -= 1;
      });
      return answered<T>(answer);
    },
  };
}

/** Asks for a visible text at the process's own terminal. @throws OperatorError on Ctrl-C */
export async function askAtTerminal(question: string): Promise<string> {
  return answered<string>(await promptForText(question));
}

async function promptForText(message: string): Promise<string | symbol> {
  const { text } = await import('@clack/prompts');
  return text({ message, output: process.stderr });
}

function answered<T extends string | boolean>(answer: T | symbol): T {
  if (typeof answer !== 'symbol') return answer;
  throw new OperatorError('interrupted', 'Interrupted.', exitCodes.interrupted);
}

/** Shows, once patience is over and then again and again, what the work has said last and how long it takes. */
async function showProgress<T>(
  patienceMs: number,
  text: string,
  work: Work<T>,
  show: (line: string, seconds: number) => void,
  end: () => void,
): Promise<T> {
  const began = Date.now();
  let line = text;
  const timer = setInterval(() => {
    show(line, Math.round((Date.now() - began) / 1000));
  }, patienceMs);
  try {
    return await work((said) => {
      line = said;
    });
  } finally {
    clearInterval(timer);
    end();
  }
}

/** A log gets a line whenever there is something new to say. */
function tellOnce(tell: (text: string) => void): (line: string) => void {
  let told = '';
  return (line) => {
    if (line !== told) tell(`${line} …`);
    told = line;
  };
}

/** Only what is certainly a web address is handed to a program. */
function openPage(url: string): Promise<boolean> {
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return Promise.resolve(false);
  const [program, ...options] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[
    process.platform as string
  ] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(program ?? '', [...options, href], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
