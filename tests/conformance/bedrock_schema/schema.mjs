// Turns the TypeScript types of AWS's package into a JSON Schema: closed objects, so that a member that the types do not
// know is an error.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const ROOTS = `
import type { ConverseRequest, ConverseStreamRequest, CountTokensRequest } from '@aws-sdk/client-bedrock-runtime';
export interface Roots { whole: ConverseRequest; streamed: ConverseStreamRequest; counted: CountTokensRequest }
`;

// In HTTP this stands in the path.
const IN_PATH = 'modelId';
// What the types of a union have for members that came after them.
const UNKNOWN = '$unknown';

// The schema of a request body, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const modules = resolve(directory);
  const ts = createRequire(join(modules, 'package.json'))('typescript');
  const { checker, roots } = load(ts, modules);
  const writer = new Writer(ts, checker);
  const anyOf = checker.getPropertiesOfType(roots).map((property) => body(writer.object(checker.getTypeOfSymbol(property))));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', anyOf, $defs: writer.definitions };
}

function body(schema) {
  const { [IN_PATH]: _, ...properties } = schema.properties;
  return { ...schema, properties, required: schema.required.filter((name) => name !== IN_PATH) };
}

function load(ts, modules) {
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
  const [symbol] = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
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
    if (type.aliasSymbol?.getName() === 'DocumentType') return true; // any JSON
    if (type.symbol?.getName() === 'Uint8Array') return { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' };
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true;
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
    if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.isUnion()) return this.#union(type);
    if (checker.isArrayType(type)) return { type: 'array', items: this.schema(checker.getTypeArguments(type)[0]) };
    if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#reference(type);
    throw new Error(`no schema for ${checker.typeToString(type)}`);
  }

  object(type) {
    const { ts, checker } = this;
    const properties = {};
    const required = [];
    for (const property of checker.getPropertiesOfType(type)) {
      const of = checker.getTypeOfSymbol(property);
      if (of.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) continue; // of a union: another member's
      properties[property.getName()] = this.schema(of);
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.getName());
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const additionalProperties = index ? this.schema(index.type) : false;
    return { type: 'object', properties, required, additionalProperties };
  }

  #union(type) {
    const { ts, checker } = this;
    const members = type.types.filter((t) => {
      if (t.flags & ts.TypeFlags.Undefined) return false;
      const unknown = t.getProperty?.(UNKNOWN);
      return !unknown || (checker.getTypeOfSymbol(unknown).flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) !== 0;
    });
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
