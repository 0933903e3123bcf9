import { jsonSchema, runs } from '@conclave/contracts';
import type { Group } from '../command.js';
import { printableJson } from '../printable.js';
import { agentNamed } from './run.js';

export const agentsGroup: Group = {
  name: 'agents',
  summary: 'which agents there are, and what they take',
  description: 'The agents that `conclave run --agent` and the tasks of a graph name. No platform is asked.',
  commands: [
    {
      name: 'list',
      summary: 'list agents',
      options: {},
      async run({ out }) {
        out.table(
          ['agent', 'takes'],
          runs.agentNames.map((name) => [name, membersOf(name)]),
        );
        out.result({ items: runs.agentNames.map((name) => ({ name })) });
        return 0;
      },
    },
    {
      name: 'show',
      operands: [{ name: 'AGENT', required: true, values: runs.agentNames }],
      summary: 'what an agent takes, as a JSON schema',
      options: {},
      async run({ out, operands }) {
        const schema = jsonSchema(runs.agentInputs[agentNamed(operands[0]!)], 'input');
        out.print(printableJson(schema));
        out.result(schema);
        return 0;
      },
    },
  ],
};

interface Schema {
  readonly properties?: object;
  readonly anyOf?: readonly Schema[];
}

function membersOf(name: (typeof runs.agentNames)[number]): string {
  const { properties, anyOf = [] } = jsonSchema(runs.agentInputs[name], 'input') as Schema;
  return [properties, ...anyOf.map((one) => one.properties)]
    .filter((one) => one !== undefined)
    .map((one) => Object.keys(one).join(', '))
    .join('; or ');
}
