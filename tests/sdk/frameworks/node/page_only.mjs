// Runs lines of docs/sdks.md with the official packages, which have tests of their own in ../../node.

import { serve } from './driver.mjs';

await serve({}, () => undefined);
