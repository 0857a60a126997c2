import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ConnectorError } from './connector-error.ts';

/**
 * What we have packed ourselves has at most so many bytes when it is unpacked: several times of the most that is written,
 * and little enough for the smallest function. An item of a table has 400 kB, which could hold gigabytes.
 */
export const mostUnpackedBytes = 32 * 2 ** 20;

/** What is stored is not what we have packed: it grows beyond everything that we write. */
export class UnpackedTooLargeError extends ConnectorError {
  override readonly name = 'UnpackedTooLargeError';
  readonly code = 'unpacked_too_large';
  constructor(what: string, bytes: number, options?: ErrorOptions) {
    super(
      `${what} has more than ${mostUnpackedBytes} bytes when it is unpacked; packed it has ${bytes}. This product writes ` +
        'no such thing: something else did. Restore it from a backup, or delete it.',
      options,
    );
  }
}

const bounds = { maxOutputLength: mostUnpackedBytes };
const unpackers = {
  gzip: (packed: Uint8Array) => gunzipSync(packed, bounds),
  brotli: (packed: Uint8Array) => brotliDecompressSync(packed, bounds),
};

/**
 * Unpacks what we have packed.
 *
 * @param what names it in the error, e.g. `The subscription of company 42`
 * @throws UnpackedTooLargeError instead of filling the memory
 */
export function decompress(format: keyof typeof unpackers, packed: Uint8Array, what: string): Buffer {
  try {
    return unpackers[format](packed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new UnpackedTooLargeError(what, packed.length, { cause: error });
  }
}
