import type { CommandDef } from 'citty';

/**
 * The commands by name, in the order in which help shows them; each is loaded when it is called, so that none pays for
 * another's imports. How to add one stands at the top of command.ts.
 */
export const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  credentials: async () => (await import('./actions/credentials.ts')).credentials,
  connect: async () => (await import('./actions/connect.ts')).connect,
  connections: async () => (await import('./actions/connections.ts')).connections,
  webhooks: async () => (await import('./actions/webhooks.ts')).webhooks,
  events: async () => (await import('./actions/events.ts')).events,
  doctor: async () => (await import('./actions/doctor.ts')).doctor,
  'support-report': async () => (await import('./actions/support-report.ts')).supportReportCommand,
};
