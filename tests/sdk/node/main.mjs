// main.mjs BINARY [--control] [NAME]

import './chat_test.mjs';
import './errors_test.mjs';
import './endings_test.mjs';
import './routes_test.mjs';
import { main } from './harness.mjs';

if (!process.version.startsWith('v22.')) throw new Error(`this is Node ${process.version}`);
const [binary, ...rest] = process.argv.slice(2);
await main({ binary, control: rest[0] === '--control', filter: rest.find((word) => !word.startsWith('--')) });
