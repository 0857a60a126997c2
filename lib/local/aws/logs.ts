import type { LogLine } from '../runtime/invocation.ts';
import { AwsRefusal } from './answer.ts';

/** As many lines of each log group are kept. */
const mostLines = 5000;
const mostInPage = 1000;

interface LogEvent {
  readonly eventId: string;
  readonly logStreamName: string;
  readonly timestamp: number;
  readonly message: string;
}

/** The functions' last lines, as CloudWatch Logs has them. */
export interface LocalLogs {
  take(logGroupName: string, line: LogLine): void;
  /**
   * Answers FilterLogEvents: the whole group, from a time on and to one; of patterns, a single term in quotation marks, or
   * one field of JSON with its value.
   *
   * @throws AwsRefusal for anything else
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
   */
  answer(operation: string, parameters: unknown): unknown;
}

/**
 * Keeps what functions write.
 *
 * @param now epoch milliseconds
 */
export function createLogs(now: () => number): LocalLogs {
  const groups = new Map<string, LogEvent[]>();
  let taken = 0;
  return {
    take(logGroupName, { stream, text }) {
      const events = groups.get(logGroupName) ?? [];
      taken += 1;
      const eventId = String(taken).padStart(20, '0');
      events.push({ eventId, logStreamName: stream, timestamp: now(), message: text });
      groups.set(logGroupName, events.slice(-mostLines));
    },
    answer(operation, parameters) {
      const {
        logGroupName,
        startTime = 0,
        endTime,
        nextToken = '',
        filterPattern = '""',
        ...others
      } = Object(parameters);
      const fits = readPattern(filterPattern);
      if (
        operation !== 'FilterLogEvents' ||
        fits === undefined ||
        Object.keys(others).some((name) => name !== 'limit')
      ) {
        throw new AwsRefusal(
          'InvalidParameterException',
          'The local logs know FilterLogEvents, and as filter pattern one "term", or one field: { $.name = "value" }.',
        );
      }
      const later = (groups.get(logGroupName) ?? []).filter(
        ({ timestamp, eventId, message }) =>
          timestamp >= startTime && timestamp <= (endTime ?? timestamp) && eventId > nextToken && fits(message),
      );
      const events = later.slice(0, mostInPage);
      return { events, ...(later.length > mostInPage && { nextToken: events.at(-1)?.eventId }) };
    },
  };
}

/**
 * Reads a filter pattern.
 *
 * @returns whether a line fits; undefined for a pattern of another form
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
function readPattern(pattern: string): ((message: string) => boolean) | undefined {
  const [, term] = /^"([^"]*)"$/.exec(pattern) ?? [];
  if (term !== undefined) return (message) => message.includes(term);
  const [, name, value] = /^\{ \$\.(\w+) = "([\w.:-]*)" \}$/.exec(pattern) ?? [];
  if (name === undefined) return undefined;
  return (message) => {
    try {
      return Object(JSON.parse(message))[name] === value;
    } catch {
      return false;
    }
  };
}
