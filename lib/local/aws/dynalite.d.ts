declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Starts an in-memory DynamoDB; the package ships no types. */
  export default function dynalite(options?: { createTableMs?: number }): Server;
}
