// npm run procore -- COMMAND: the operator's command line.
import { runCommandLine } from '../lib/operator/command-line.ts';
import { terminalOfProcess } from '../lib/operator/process-terminal.ts';
import { surroundings } from './surroundings.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), terminalOfProcess(), surroundings);
