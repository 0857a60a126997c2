/** Finds npm's program. @returns undefined where there is none */
export function findNpm(): string | undefined;
