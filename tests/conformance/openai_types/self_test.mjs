// self_test.mjs MODULES DESCRIPTORS: shows that the comparison fails where it must. See README.md.

import assert from 'node:assert';

import { readDescriptors } from './descriptors.mjs';
import { loadRoots, Walk } from './walk.mjs';

const [modules, descriptors] = process.argv.slice(2);
const roots = loadRoots(modules);
const messages = readDescriptors(descriptors);

// A copy of the descriptors in which `change` has been made to one message.
function changed(name, change) {
  const message = structuredClone(messages.get(name));
  change(message);
  return new Map(messages).set(name, message);
}
const errorsOf = (copy) => new Walk(roots, copy).run(roots.types).errors;
const setField = (name, values) => (message) =>
  Object.assign(message.fields.find((field) => field.name === name), values);

const whole = new Walk(roots, messages).run(roots.types);
assert.equal(whole.errors.size, 0, 'the protos themselves must pass');

// Deep members that a walk which stops early would not meet.
for (const member of [
  'portolan.v1.ApproximateLocation/timezone',
  'portolan.v1.TopLogprob/bytes',
  'portolan.v1.ToolGrammar/syntax',
  'portolan.v1.ModerationResult/category_applied_input_types',
  'portolan.v1.CompletionTokensDetails/rejected_prediction_tokens',
  'portolan.v1.JsonSchemaFormat/schema',
  'portolan.v1.Model/owned_by',
]) {
  assert.ok(whole.met.has(member), `${member} must be met`);
}

for (const member of whole.met) {
  const [name, fieldName] = member.split('/');
  const copy = changed(name, (message) => {
    message.fields = message.fields.filter((field) => field.name !== fieldName);
  });
  const errors = [...errorsOf(copy).keys()];
  assert.ok(errors.some((path) => path.endsWith(`.${fieldName}`)), `${member} removed: must fail`);
}

const misfits = [
  ['portolan.v1.Message', setField('content', { type: 'string', message: '' })],
  ['portolan.v1.Message', setField('role', { type: 'number' })],
  ['portolan.v1.Message', setField('tool_calls', { repeated: false })],
  ['portolan.v1.FunctionDefinition', setField('parameters', { raw: false })],
  ['portolan.v1.ChatCompletionRequest', setField('metadata', { asObject: false })],
  ['portolan.v1.ChatCompletionRequest', setField('stream', { type: 'string' })],
  ['portolan.v1.ChatCompletionRequest', setField('web_search_options', { raw: true })],
  ['portolan.v1.TextInput', (message) => message.fields.pop()],
  ['portolan.v1.LogprobsChoice', (message) => message.fields.shift()],
  ['portolan.v1.ToolChoice', (message) => message.fields.shift()],
  ['portolan.v1.TokenIds', setField('ids', { type: 'string' })],
  ['portolan.v1.NumberEntry', setField('value', { type: 'string' })],
];
for (const [name, change] of misfits) {
  assert.notEqual(errorsOf(changed(name, change)).size, 0, `${name} with ${change}: must fail`);
}
console.log(`${whole.met.size} removed fields and ${misfits.length} misfits were noticed`);
