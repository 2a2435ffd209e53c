// compare.mjs MODULES DESCRIPTORS: compares the types in MODULES/node_modules/openai with the protos in the
// FileDescriptorSet DESCRIPTORS. See README.md.

import { readFileSync } from 'node:fs';

import { readDescriptors } from './descriptors.mjs';
import { loadRoots, Walk } from './walk.mjs';

const [modules, descriptors] = process.argv.slice(2);
const roots = loadRoots(modules);
const walk = new Walk(roots, readDescriptors(descriptors)).run(roots.types);

const exceptions = new Set(JSON.parse(readFileSync(new URL('exceptions.json', import.meta.url), 'utf8')));
let failures = 0;
for (const [path, problem] of walk.errors) {
  if (exceptions.delete(path)) continue;
  console.error(`${path}: ${problem}`);
  ++failures;
}
for (const path of exceptions) {
  console.error(`${path}: the exception is not needed`);
  ++failures;
}
console.log(`${walk.met.size} members met, ${failures} failures`);
process.exit(failures === 0 && walk.met.size > 0 ? 0 : 1);
