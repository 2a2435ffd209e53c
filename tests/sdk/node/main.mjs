// main.mjs BINARY [--control | --no-splice] [NAME]

import './azure_test.mjs';
import './chat_test.mjs';
import './tools_test.mjs';
import './errors_test.mjs';
import './endings_test.mjs';
import './routes_test.mjs';
import './configs_test.mjs';
import './messages_test.mjs';
import './threads_test.mjs';
import './palm_test.mjs';
import './refusals_test.mjs';
import { main } from './harness.mjs';

if (!process.version.startsWith('v22.')) throw new Error(`this is Node ${process.version}`);
const [binary, ...rest] = process.argv.slice(2);
await main({
  binary,
  control: rest.includes('--control'),
  splice: !rest.includes('--no-splice'),
  filter: rest.find((word) => !word.startsWith('--')),
});
