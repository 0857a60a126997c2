import { z } from 'zod';
import { environmentOption, operatorCommand } from '../command.ts';
import { exitCodes, usageError } from '../exit-codes.ts';
import { showTime } from '../table.ts';

/** As many as the function takes: 31 days. */
const mostHours = 31 * 24;

const answerSchema = z.looseObject({ failed: z.number() });

/** `procore events reconcile`. */
export const reconcile = operatorCommand({
  description: 'Reads what changed from the API, and emits the events that no webhook has brought',
  args: {
    environment: environmentOption,
    company: { type: 'string', description: 'Id of the company', valueHint: 'id', required: true },
    resource: {
      type: 'string',
      description: 'Name of the webhook catalogue, e.g. "RFIs"',
      valueHint: 'name',
      required: true,
    },
    path: {
      type: 'string',
      description: 'A list that knows filters[updated_at], e.g. "/rest/v1.0/projects/1/rfis"',
      valueHint: 'path',
      required: true,
    },
    project: { type: 'string', description: 'Id of the project that the list belongs to', valueHint: 'id' },
    hours: { type: 'string', description: 'How far back', default: '2', valueHint: 'hours' },
  },
  async run({ terminal, environment: find }, { environment: name, company, resource, path, project, hours }) {
    if (!/^[1-9]\d{0,2}$/.test(hours) || Number(hours) > mostHours) {
      throw usageError(`--hours is a whole number from 1 to ${mostHours}.`);
    }
    const environment = await find(name);
    const request = {
      companyId: company,
      resourceName: resource,
      path,
      ...(project !== undefined && { projectId: project }),
      hoursBack: Number(hours),
    };
    const data = answerSchema.parse(
      await terminal.working('Reading from Procore', () => environment.invoke('Reconciliation', request)),
    );
    const counts = Object.entries(data).map(
      ([what, count]) => `${what} ${what === 'until' ? showTime(Number(count)) : String(count)}`,
    );
    const again = data.failed > 0 ? ' Run it again: some could not be emitted.' : '';
    const text = `${resource} of company ${company}: ${counts.join(', ')}.${again}`;
    return { data, text, exitCode: data.failed > 0 ? exitCodes.failed : exitCodes.done };
  },
});
