/**
 * Lets no more than so many calls run at a time. Further ones wait for their turn, in order.
 *
 * @param most 1 or more
 * @returns a function that does what `call` does
 */
export function atATime<Argument, Result>(
  most: number,
  call: (argument: Argument) => Promise<Result>,
): (argument: Argument) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (argument) => {
    // A turn is handed on, so that nobody who comes in between takes it.
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await call(argument);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
