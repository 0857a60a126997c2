import { type ExactJson, isJsonObject } from './exact-json.ts';
import type { StandardSchema } from './standard-schema.ts';

/**
 * Makes a schema that takes a record as it is documented: `get(path, { schema: documented<Rfi>() })`. It checks that there
 * is an object with an id, and nothing else. Use a schema of your own where a wrong field would do harm.
 */
export function documented<Fields extends { readonly id: string }>(): StandardSchema<Fields> {
  return {
    '~standard': {
      version: 1,
      vendor: 'procore-connector',
      validate: (value) =>
        isJsonObject(value as ExactJson) && typeof (value as { readonly id?: unknown }).id === 'string'
          ? { value: value as Fields }
          : { issues: [{ message: 'expected an object with an id' }] },
    },
  };
}
