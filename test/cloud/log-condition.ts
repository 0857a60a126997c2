/** One line of a log: a line of JSON by its fields, or plain text. */
export type LogLine = Readonly<Record<string, string | number>> | string;

const tokens = /\s*(\|\||&&|>=|<=|=|[(){}]|"[^"]*"|\/(?:[^/\\]|\\.)*\/|[$@\w.]+)/y;

/**
 * Reads a condition of Logs Insights (`event = "x" or @message like /y/`) or a filter pattern of CloudWatch Logs
 * (`{ ($.routeKey = "x") && ($.status >= 500) }`), as far as ours go.
 *
 * @returns whether the condition holds for a line
 * @throws Error for anything that is not known here
 * @see [Logs Insights: filter](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filter.html),
 *   [filter patterns for JSON](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html)
 */
export function readCondition(text: string): (line: LogLine) => boolean {
  const words = wordsOf(text.replace(/^\{(.*)\}$/s, '$1'));
  let position = 0;
  const next = () => words[position++] ?? '';

  function several(names: readonly string[], operand: () => (line: LogLine) => boolean, needs: 'some' | 'every') {
    const operands = [operand()];
    while (names.includes(words[position] ?? '')) {
      position += 1;
      operands.push(operand());
    }
    return (line: LogLine) => operands[needs]((holds) => holds(line));
  }
  const either = (): ((line: LogLine) => boolean) => several(['or', '||'], both, 'some');
  const both = () => several(['and', '&&'], comparison, 'every');
  function comparison(): (line: LogLine) => boolean {
    const first = next();
    if (first === '(') {
      const inner = either();
      if (next() !== ')') throw new Error(`a parenthesis that is not closed: ${text}`);
      return inner;
    }
    const [operator, operand] = [next(), next()];
    const field = first.replace(/^\$\./, '');
    return (line) => compare(valueIn(line, field), operator, operand);
  }

  const condition = either();
  if (position < words.length) throw new Error(`a condition that is not known here: ${text}`);
  return condition;
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  tokens.lastIndex = 0;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    words.push(match[1] ?? '');
    if (tokens.lastIndex === text.trimEnd().length) return words;
  }
  throw new Error(`a condition that is not known here: ${text}`);
}

function valueIn(line: LogLine, field: string): string | number | undefined {
  if (field === '@message') return typeof line === 'string' ? line : JSON.stringify(line);
  return typeof line === 'string' ? undefined : line[field];
}

function compare(value: string | number | undefined, operator: string, operand: string): boolean {
  if (operator === 'like' && operand.startsWith('/')) return new RegExp(operand.slice(1, -1)).test(String(value ?? ''));
  if (operator === '=' && operand.endsWith('*"')) return String(value ?? '').startsWith(operand.slice(1, -2));
  if (operator === '=' && operand.startsWith('"')) return value === operand.slice(1, -1);
  if (!/^\d+$/.test(operand)) throw new Error(`a comparison that is not known here: ${operator} ${operand}`);
  if (operator === '=') return value === Number(operand);
  if (operator === '>=') return typeof value === 'number' && value >= Number(operand);
  throw new Error(`a comparison that is not known here: ${operator} ${operand}`);
}
