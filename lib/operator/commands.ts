import type { CommandDef } from 'citty';

/**
 * The commands by name, in the order in which help shows them; each is loaded when it is called, so that none pays for
 * another's imports. How to add one stands at the top of command.ts.
 */
export const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  credentials: async () => (await import('./commands/credentials.ts')).credentials,
  connect: async () => (await import('./commands/connect.ts')).connect,
  connections: async () => (await import('./commands/connections.ts')).connections,
  webhooks: async () => (await import('./commands/webhooks.ts')).webhooks,
  events: async () => (await import('./commands/events.ts')).events,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  'support-report': async () => (await import('./commands/support-report.ts')).supportReportCommand,
};
