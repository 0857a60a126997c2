/** Whether something is in order, as a colour says it. The word that is painted says the same. */
type Tone = 'bad' | 'warn' | 'good';

const foreground: Readonly<Record<Tone, number>> = { bad: 31, warn: 33, good: 32 };

const toneOfSign: Readonly<Record<string, Tone>> = { '✗': 'bad', '!': 'warn', '✓': 'good' };

/** Words of a column STATUS or STATE. One that is in order in some cases and not in others has no colour. */
const toneOfStatus: Readonly<Record<string, Tone>> = {
  reauthorization_required: 'bad',
  failed: 'bad',
  disabled: 'bad',
  unconfirmed: 'warn',
  paused: 'warn',
  connected: 'good',
  handled: 'good',
  done: 'good',
};

const toneOfLevel: Readonly<Record<string, Tone>> = { ERROR: 'bad', WARN: 'warn' };

/**
 * Tells whether a stream shows colours. Its person decides first, by FORCE_COLOR and NO_COLOR; then what the stream is.
 *
 * @param hasColors what Node says of the stream; undefined where it is no terminal
 * @see [no-color.org](https://no-color.org)
 * @see [Node: `writeStream.hasColors`](https://nodejs.org/api/tty.html#writestreamhascolorscount-env)
 */
export function showsColours(
  variables: Readonly<Record<string, string | undefined>>,
  hasColors: ((variables: Readonly<Record<string, string | undefined>>) => boolean) | undefined,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: unwanted } = variables;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (unwanted !== undefined && unwanted !== '') return false;
  return hasColors?.(variables) ?? false;
}

/**
 * Colours the words and signs of a text that say how something stands: signs at the beginning of a line, the columns STATUS
 * and STATE of a table, these facts of one thing, the levels of a log, and the sum of `status`. Nothing else, and nothing
 * that is not a whole word, so that a stranger's text keeps its look. It comes after the layout, which counts characters.
 */
export function paint(text: string): string {
  let column: number | undefined;
  return text
    .split('\n')
    .map((line) => {
      const heading = /(?<=^| {2})STAT(?:US|E)(?= {2}|$)/.exec(line);
      if (heading !== null || line === '') column = heading?.index;
      return heading !== null ? line : paintLine(line, column);
    })
    .join('\n');
}

function paintLine(line: string, column: number | undefined): string {
  const fact = /^stat(?:us|e) {2,}/.exec(line);
  if (fact !== null) return paintWord(line, fact[0].length);
  const painted = line
    .replace(/^( *)([✗!✓])(?= )/, (_, margin: string, sign: string) => margin + toned(sign, toneOfSign[sign]))
    .replace(/(?<=^\d{4}-\d\d-\d\dT\S+Z )(?:ERROR|WARN)(?= )/, (level) => toned(level, toneOfLevel[level]))
    .replace(/(?<=: )all is well(?=\.$)/, (well) => toned(well, 'good'))
    .replace(/(?<=: )\d+ to act on now(?=(?:, \d+ soon)?\.$)/, (now) => toned(now, 'bad'))
    .replace(/(?<=: |, )\d+ soon(?=\.$)/, (soon) => toned(soon, 'warn'));
  return painted === line && column !== undefined ? paintWord(line, column) : painted;
}

/** Paints the word that stands at a place of a line, if it says how something stands. */
function paintWord(line: string, from: number): string {
  if (from > 0 && line[from - 1] !== ' ') return line;
  const [word = ''] = /^[a-z_]+(?=[ ,]|$)/.exec(line.slice(from)) ?? [];
  return line.slice(0, from) + toned(word, toneOfStatus[word]) + line.slice(from + word.length);
}

function toned(text: string, tone: Tone | undefined): string {
  return tone === undefined ? text : `\u001B[${foreground[tone]}m${text}\u001B[39m`;
}
