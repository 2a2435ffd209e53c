// Turns the TypeScript types of Anthropic's package into a JSON Schema: closed objects, so that a member that the types
// do not know is an error.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const ROOTS = `
import type { MessageCreateParamsBase as Stable } from '@anthropic-ai/sdk/resources/messages/messages';
import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages/messages';
import type { MessageCreateParams as Beta } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import type { MessageCountTokensParams as StableCount } from '@anthropic-ai/sdk/resources/messages/messages';
import type { MessageCountTokensParams as BetaCount } from '@anthropic-ai/sdk/resources/beta/messages/messages';
export interface Roots { stable: Stable; beta: Beta }
export interface Counts { stable: StableCount; beta: BetaCount }
export interface Answers { message: Message; event: RawMessageStreamEvent }
`;

// Members that are headers in HTTP, and members that API version 2023-06-01 takes while the package describes the
// newest version only.
const IN_HEADERS = ['user_profile_id', 'workspace_id', 'betas'];
const OLDER_VERSION = {
  temperature: { type: 'number', minimum: 0, maximum: 1 },
  top_p: { type: 'number', minimum: 0, maximum: 1 },
  top_k: { type: 'integer' },
};

// The schema of a request body, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  return bodySchema(directory, 'Roots', OLDER_VERSION);
}

// The same of a request whose tokens are to be counted.
export function countSchema(directory) {
  return bodySchema(directory, 'Counts', {});
}

function bodySchema(directory, name, more) {
  const modules = resolve(directory);
  const ts = createRequire(join(modules, 'package.json'))('typescript');
  const { checker, roots } = load(ts, modules, name);
  const writer = new Writer(ts, checker);
  const anyOf = [];
  for (const property of checker.getPropertiesOfType(roots)) {
    const types = checker.getTypeOfSymbol(property);
    for (const type of types.isUnion() ? types.types : [types]) anyOf.push(body(writer.object(type), more));
  }
  return { $schema: DRAFT, anyOf, $defs: writer.definitions };
}

// The schema of {"message": …} and {"event": …}: what the package takes as an answer, and as an event of a stream.
export function answerSchema(directory) {
  const modules = resolve(directory);
  const ts = createRequire(join(modules, 'package.json'))('typescript');
  const { checker, roots } = load(ts, modules, 'Answers');
  const writer = new Writer(ts, checker);
  const schema = writer.object(roots);
  return { $schema: DRAFT, ...schema, required: [], minProperties: 1, $defs: writer.definitions };
}

function body(schema, more) {
  const properties = { ...schema.properties, ...more };
  for (const name of IN_HEADERS) delete properties[name];
  return { ...schema, properties };
}

function load(ts, modules, name) {
  const root = join(modules, 'roots.ts');
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === root || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) =>
    name === root ? ts.createSourceFile(name, ROOTS, rest[0]) : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([root], options, host);
  const file = program.getSourceFile(root);
  const problems = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  if (problems.length > 0) {
    throw new Error(problems.map((p) => ts.flattenDiagnosticMessageText(p.messageText, '\n')).join('\n'));
  }
  const checker = program.getTypeChecker();
  const symbol = checker.getExportsOfModule(checker.getSymbolAtLocation(file)).find((s) => s.getName() === name);
  return { checker, roots: checker.getDeclaredTypeOfSymbol(symbol) };
}

class Writer {
  definitions = {};
  #names = new Map(); // from type to the name of its definition

  constructor(ts, checker) {
    this.ts = ts;
    this.checker = checker;
  }

  schema(type) {
    const { ts, checker } = this;
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true;
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
    if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.isUnion()) return this.#union(type);
    // `string & {}`: any string, listed beside known ones.
    if (type.isIntersection() && type.types.some((t) => t.flags & ts.TypeFlags.String)) return { type: 'string' };
    if (checker.isArrayType(type)) return { type: 'array', items: this.schema(checker.getTypeArguments(type)[0]) };
    if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#reference(type);
    throw new Error(`no schema for ${checker.typeToString(type)}`);
  }

  object(type) {
    const { ts, checker } = this;
    const properties = {};
    const required = [];
    for (const property of checker.getPropertiesOfType(type)) {
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      properties[property.getName()] = this.schema(checker.getTypeOfSymbol(property));
      if (!optional) required.push(property.getName());
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const additionalProperties = index ? this.schema(index.type) : false;
    return { type: 'object', properties, required, additionalProperties };
  }

  #union(type) {
    const members = type.types.filter((t) => !(t.flags & this.ts.TypeFlags.Undefined));
    const anyOf = members.map((t) => this.schema(t));
    return anyOf.length === 1 ? anyOf[0] : { anyOf };
  }

  #reference(type) {
    let name = this.#names.get(type);
    if (!name) {
      name = `${this.checker.typeToString(type).replace(/\W+/g, '_').slice(0, 60)}_${this.#names.size}`;
      this.#names.set(type, name);
      this.definitions[name] = {};
      this.definitions[name] = this.object(type);
    }
    return { $ref: `#/$defs/${name}` };
  }
}
