// The types of Google's package as a JSON Schema.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';

// The package types what its functions take; this is the body that it makes of that.
const ROOTS = `
import type { Content, GenerationConfig, SafetySetting, ServiceTier, Tool, ToolConfig } from '@google/genai';
interface Body {
  contents: Content[];
  systemInstruction?: Content;
  tools?: Tool[];
  toolConfig?: ToolConfig;
  generationConfig?: GenerationConfig;
  safetySettings?: SafetySetting[];
  cachedContent?: string;
  serviceTier?: ServiceTier;
}
export interface Roots { body: Body }
`;

// The schema of a request body, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const { ts, checker, roots } = load(directory, ROOTS);
  const writer = new Writer(ts, checker);
  const [body] = checker.getPropertiesOfType(roots);
  return { $schema: DRAFT, ...writer.object(checker.getTypeOfSymbol(body)), $defs: writer.definitions };
}
