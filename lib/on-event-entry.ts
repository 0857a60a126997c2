/**
 * The key of the context by which `npm start` has the app synthesized with a file of ours in the place of the integrator's,
 * which cannot be built at that moment. Nothing that is deployed has it.
 */
export const onEventEntryKey = 'procore-connector:on-event-entry';
