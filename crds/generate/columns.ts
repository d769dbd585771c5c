/** `kubectl get` prints these; `priority: 1` only with `-o wide`. JSONPath cannot format, so the status holds finished words. */
export type Column = {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  priority?: number
  description: string
}

const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
}

const message: Column = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.message',
  priority: 1,
  description: 'The state as a sentence.',
}

export const rolloutColumns: Column[] = [
  {
    name: 'Status',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
    description: 'The reason of the condition Ready.',
  },
  {
    name: 'Stalled',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Stalled')].reason",
    description: 'Why nothing goes on until somebody does something; empty while all is well.',
  },
  { name: 'Step', type: 'string', jsonPath: '.status.step', description: 'Step of the running release.' },
  { name: 'Weight', type: 'integer', jsonPath: '.status.weight', description: 'Percentage that the canary gets.' },
  {
    name: 'Revision',
    type: 'string',
    jsonPath: ".status['canary','stable']",
    description: 'The revision that is being released, else the one that serves.',
  },
  message,
  {
    name: 'Stall',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Stalled')].message",
    priority: 1,
    description: 'That as a sentence.',
  },
  age,
]

export const releaseColumns: Column[] = [
  { name: 'Rollout', type: 'string', jsonPath: '.spec.rollout', description: 'The Rollout.' },
  { name: 'Number', type: 'integer', jsonPath: '.spec.number', description: 'Number of the release.' },
  { name: 'Revision', type: 'string', jsonPath: '.spec.revision', description: 'The revision that is released.' },
  { name: 'Outcome', type: 'string', jsonPath: '.status.outcome', description: 'How it ended; empty while it runs.' },
  { name: 'Step', type: 'string', jsonPath: '.status.step', description: 'Current step.' },
  { name: 'Weight', type: 'integer', jsonPath: '.status.weight', description: 'Percentage that the canary gets.' },
  message,
  age,
]

export const decisionColumns: Column[] = [
  { name: 'Rollout', type: 'string', jsonPath: '.spec.rollout', description: 'The Rollout.' },
  { name: 'Release', type: 'integer', jsonPath: '.spec.release', description: 'Number of the release.' },
  { name: 'Action', type: 'string', jsonPath: '.spec.action', description: 'What is decided.' },
  { name: 'By', type: 'string', jsonPath: '.spec.by', description: 'Who decided.' },
  { name: 'Outcome', type: 'string', jsonPath: '.status.outcome', description: 'What became of it.' },
  { name: 'Message', type: 'string', jsonPath: '.status.message', description: 'Why, as a sentence.' },
  age,
]

export const channelColumns: Column[] = [age]

export const sourceColumns: Column[] = [
  {
    name: 'Status',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
    description: 'The reason of the condition Ready.',
  },
  { name: 'Commit', type: 'string', jsonPath: '.status.commit', description: 'The commit that is applied.' },
  { name: 'Author', type: 'string', jsonPath: '.status.author', description: 'Who wrote it.' },
  { name: 'Applied', type: 'date', jsonPath: '.status.appliedAt', description: 'Time since it was applied.' },
  {
    name: 'Message',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Ready')].message",
    priority: 1,
    description: 'The state as a sentence.',
  },
  age,
]

export const freezeColumns: Column[] = [
  { name: 'Until', type: 'string', jsonPath: '.spec.until', description: 'When it ends by itself.' },
  { name: 'Namespaces', type: 'string', jsonPath: '.spec.namespaces', description: 'What it covers; empty: all.' },
  { name: 'At once', type: 'string', jsonPath: '.spec.atOnce', description: 'How many may go on; empty: none.' },
  { name: 'Reason', type: 'string', jsonPath: '.spec.reason', description: 'Why.' },
  age,
]
