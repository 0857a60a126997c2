// Runs before each test file. The functions' logger, worker threads and Node itself write to the process's streams, past
// vitest's console. Written through that console, their lines belong to the test that made them, and vitest shows those
// of a failing test alone (`silent` in vitest.config.ts).

const through = { stdout: console.log, stderr: console.error } as const;

for (const name of ['stdout', 'stderr'] as const) {
  const write: typeof process.stdout.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    through[name](text.replace(/\n$/, ''));
    queueMicrotask(() => (typeof encoding === 'function' ? encoding() : done?.()));
    return true;
  };
  process[name].write = write;
}
