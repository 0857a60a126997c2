import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { ConnectorError } from '../connector-error.ts';
import { decompress, mostUnpackedBytes } from '../decompress.ts';

/**
 * What items keep of jobs, and how many bytes it may have when it is packed. An item may have 400 kB, so request and
 * checkpoint fit; most checkpoints have a few hundred bytes, and each write pays for all of them.
 */
const mostBytes = { request: 100_000, checkpoint: 250_000, ids: 100_000 } as const;

/** What is packed. */
type Packed = keyof typeof mostBytes;

/** Up to so many bytes gzip is enough, which every version reads. */
const mostGzipBytes = 100_000;

/** The first byte of what brotli has packed: gzip begins with another one. */
const brotliMark = 1;

/** A kind of job wants to keep more than a job's item may hold. */
export class JobTooLargeError extends ConnectorError {
  override readonly name = 'JobTooLargeError';
  readonly code = 'job_too_large';
  constructor(what: Packed, bytes: number, form: 'packed' | 'unpacked' = 'packed') {
    const most = form === 'packed' ? mostBytes[what] : mostUnpackedBytes;
    super(`A job's ${what} takes ${bytes} bytes when it is ${form}; at most ${most} are kept.`);
  }
}

/**
 * Packs what an item keeps of a job: JSON, compressed. A large one has the same ids many times, far apart,
 * where brotli finds them and gzip does not.
 *
 * @returns at most as many bytes as are kept
 * @throws JobTooLargeError
 */
export function pack(json: unknown, what: Packed): Uint8Array {
  const text = JSON.stringify(json ?? null);
  const bytes = Buffer.byteLength(text);
  // What could not be read again is not written.
  if (bytes > mostUnpackedBytes) throw new JobTooLargeError(what, bytes, 'unpacked');
  const zipped = gzipSync(text);
  if (zipped.length <= mostGzipBytes) return zipped;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 };
  const packed = Buffer.concat([Buffer.of(brotliMark), brotliCompressSync(text, { params })]);
  if (packed.length > mostBytes[what]) throw new JobTooLargeError(what, packed.length);
  return packed;
}

/** Reads what {@link pack} has made. @throws UnpackedTooLargeError when it cannot have made it */
export function unpack(packed: Uint8Array): unknown {
  const what = 'What is stored of a job';
  const bytes =
    packed[0] === brotliMark ? decompress('brotli', packed.subarray(1), what) : decompress('gzip', packed, what);
  return JSON.parse(bytes.toString());
}
