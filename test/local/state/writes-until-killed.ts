// Counts on in a state folder, and prints each number when it is durable, until it is killed.
import { openState } from '../../../lib/local/state/state-file.ts';

const state = openState(process.argv[2] ?? '');
for (let number = state.entries('numbers').length + 1; ; number += 1) {
  state.put('numbers', String(number), number);
  await state.durable();
  process.stdout.write(`${number}\n`);
}
