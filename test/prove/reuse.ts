// npm run prove -- reuse: nobody sends a refresh token twice, on a server that ends the grant for it; --rounds N.
import { parseArgs } from 'node:util';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { playReuseRounds } from './reuse/rounds.ts';

endWithParent();
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
const began = performance.now();
const figures = await playReuseRounds(Number(values.rounds), 8, console.log);
console.table({ ...figures, seconds: Math.round((performance.now() - began) / 1000) });
const holds = figures.reuses === 0 && figures.dead === 0 && figures.redeemed === figures.rounds;
if (!holds) console.error('A refresh token was sent twice, or a connection died.');
process.exitCode = holds ? 0 : 1;
