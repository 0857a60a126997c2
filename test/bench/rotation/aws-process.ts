import { startAwsFront } from '../../../lib/local/aws/front.ts';
import { answerQuestions } from '../processes.ts';

const front = await startAwsFront(0, (line) => console.error(line));

/** The local AWS endpoint, so that its work is not done at the cost of those who call it. */
answerQuestions<'endpoint', { readonly endpoint: string }>(async () => ({ endpoint: front.endpoint }));
