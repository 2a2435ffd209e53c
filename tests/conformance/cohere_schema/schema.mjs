// Turns the TypeScript types of Cohere's package into a JSON Schema: closed objects, so that a member that the types do
// not know is an error.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

// The package adds `stream` to what its functions take. A line of the log names the operation of a request.
const ROOTS = `
import type { Cohere } from 'cohere-ai';
export interface Roots {
  chat: Cohere.V2ChatRequest & { stream: boolean };
  embedding: Cohere.V2EmbedRequest;
  rerank: Cohere.V2RerankRequest;
}
`;

// The package spells members as TypeScript does, and the API with `_`.
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

// The schema of `{OPERATION: REQUEST}`, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const modules = resolve(directory);
  const ts = createRequire(join(modules, 'package.json'))('typescript');
  const { checker, roots } = load(ts, modules);
  const writer = new Writer(ts, checker);
  const anyOf = checker.getPropertiesOfType(roots).map((property) => ({
    type: 'object',
    properties: { [property.getName()]: writer.schema(checker.getTypeOfSymbol(property)) },
    required: [property.getName()],
    additionalProperties: false,
  }));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', anyOf, $defs: writer.definitions };
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
      properties[snake(property.getName())] = this.schema(checker.getTypeOfSymbol(property));
      if (!optional) required.push(snake(property.getName()));
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
