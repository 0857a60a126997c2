/**
 * The seed whose draws are to be proven, by `npm run prove -- draws`; undefined in ordinary runs, in which limits and lists
 * look as in Procore's samples.
 */
export const drawsSeed = process.env.PROCORE_DRAWS;
