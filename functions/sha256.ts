import { hash } from 'node:crypto';

/** Hashes a text (as UTF-8) or bytes. @returns the sha-256, 64 hexadecimal characters */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}
