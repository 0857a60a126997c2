import { rateScopes } from '../../../functions/procore/rate-limit-scope.ts';
import type { BenchSize } from '../bench.ts';
import { type Cell, randomNumbers } from './cell.ts';
import type { WorldDraw, WorldWindow } from './world.ts';

interface Shape {
  readonly name: string;
  readonly windows: readonly WorldWindow[];
  readonly changed?: NonNullable<Cell['changed']>;
  /** Whether answers say how many calls remain. @default told */
  readonly remaining?: WorldDraw['remaining'];
  /** How long it is simulated: as long as some of its longest windows. */
  readonly seconds: number;
  /** How long where many count apart: there every window is simulated many times at once. */
  readonly secondsOfMany: number;
  /** How long at least with a foreground, which is counted from some minutes after the scope is known. */
  readonly secondsOfMixed?: number;
}

const spike: WorldWindow = { limit: 25, seconds: 10 };
const minute: WorldWindow = { limit: 100, seconds: 60 };
const hour: WorldWindow = { limit: 600, seconds: 3600 };

/** The limits that Procore documents, has documented, and was seen to have. */
const shapes: readonly Shape[] = [
  { name: '25/10 s', windows: [spike], seconds: 900, secondsOfMany: 240, secondsOfMixed: 720 },
  { name: '100/60 s', windows: [minute], seconds: 1500, secondsOfMany: 480, secondsOfMixed: 900 },
  {
    name: '25/60 s',
    windows: [{ limit: 25, seconds: 60 }],
    seconds: 2400,
    secondsOfMany: 800,
    secondsOfMixed: 1200,
  },
  { name: '600/h', windows: [hour], seconds: 11_500, secondsOfMany: 7600 },
  { name: '3,600/h', windows: [{ limit: 3600, seconds: 3600 }], seconds: 11_500, secondsOfMany: 7600 },
  { name: 'none', windows: [], seconds: 30, secondsOfMany: 10 },
  { name: '25/10 s and 600/h', windows: [spike, hour], seconds: 15_000, secondsOfMany: 7600 },
  {
    name: '100/60 s, then 25/10 s',
    windows: [minute],
    changed: { afterSeconds: 300, windows: [spike] },
    seconds: 1200,
    secondsOfMany: 540,
    secondsOfMixed: 800,
  },
  {
    name: '600/h, then 300/h',
    windows: [hour],
    changed: { afterSeconds: 4000, windows: [{ limit: 300, seconds: 3600 }] },
    seconds: 15_000,
    secondsOfMany: 12_000,
  },
  {
    name: '100/60 s, remaining untold',
    windows: [minute],
    remaining: 'untold',
    seconds: 1500,
    secondsOfMany: 900,
    secondsOfMixed: 1200,
  },
];

/**
 * Makes the cells of the simulation. What no document says is drawn anew for each.
 *
 * @param draws a number of this set of draws, from 0
 */
export function* grid(size: BenchSize, draws = 0): Generator<Cell> {
  let seed = draws * 1000;
  for (const shape of size === 'smoke' ? shapes.slice(0, 2) : shapes) {
    for (const scope of rateScopes) {
      for (const companies of size === 'smoke' ? [1, 3] : [1, 24, 100]) {
        for (const invocations of [1, 50]) {
          for (const foreground of shape.windows.length > 0 && companies < 100 ? [undefined, 0.75] : [undefined]) {
            seed += 1;
            const name = `${shape.name}, ${scope}, ${companies}, ${invocations}${foreground === undefined ? '' : ', mixed'}${draws === 0 ? '' : `, draws ${draws}`}`;
            const isMany = companies > 1 && scope !== 'app';
            const usual = isMany ? shape.secondsOfMany : shape.seconds;
            const least = foreground === undefined ? 0 : (shape.secondsOfMixed ?? 0);
            const seconds = size === 'smoke' ? 60 : Math.max(usual, least);
            const draw = { ...drawn(randomNumbers(seed)), remaining: shape.remaining ?? 'told' };
            yield {
              ...shape,
              name,
              scope,
              companies,
              invocations,
              seconds,
              seed,
              draw,
              ...(foreground && { foreground }),
            };
          }
        }
      }
    }
  }
}

function drawn(random: () => number): WorldDraw {
  return {
    opens: random() < 0.5 ? 'with_call' : 'by_clock',
    rounding: random() < 0.5 ? 'up' : 'down',
    nearest: random() < 0.5 ? 'calls' : 'share',
    headers: random() < 0.7 ? 'nearest' : 'longest',
  };
}
