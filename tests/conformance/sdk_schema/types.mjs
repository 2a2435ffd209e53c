// Turns the TypeScript types of a provider's package into JSON Schemas: closed objects, so that a member that the types do
// not know is an error. What is particular to a package stands in the folder of its dialect.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

export const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

// `{ts, checker, roots}`: the compiler of `directory`/node_modules, and the type that the module `text` exports as `name`.
export function load(directory, text, name = 'Roots') {
  const modules = resolve(directory);
  const ts = createRequire(join(modules, 'package.json'))('typescript');
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
  host.fileExists = (path) => path === root || fileExists.call(host, path);
  host.getSourceFile = (path, ...rest) =>
    path === root ? ts.createSourceFile(path, text, rest[0]) : getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([root], options, host);
  const file = program.getSourceFile(root);
  const problems = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  if (problems.length > 0) {
    throw new Error(problems.map((p) => ts.flattenDiagnosticMessageText(p.messageText, '\n')).join('\n'));
  }
  const checker = program.getTypeChecker();
  const symbol = checker.getExportsOfModule(checker.getSymbolAtLocation(file)).find((s) => s.getName() === name);
  return { ts, checker, roots: checker.getDeclaredTypeOfSymbol(symbol) };
}

// Writes types as schemas. Packages that have something of their own override what follows the constructor.
export class Writer {
  definitions = {};
  #names = new Map(); // from type to the name of its definition

  constructor(ts, checker) {
    this.ts = ts;
    this.checker = checker;
  }

  // The schema of a type that is not to be looked into; undefined: there is nothing special about it.
  special(_type) {
    return undefined;
  }
  // How the API spells a member.
  spelling(name) {
    return name;
  }
  // Whether an object really has a member of this type.
  isMember(_type) {
    return true;
  }
  // Whether a value may be of this type, which is one of a union's.
  isAlternative(_type) {
    return true;
  }

  schema(type) {
    const { ts, checker } = this;
    const special = this.special(type);
    if (special !== undefined) return special;
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
      const of = checker.getTypeOfSymbol(property);
      if (!this.isMember(of)) continue;
      const name = this.spelling(property.getName());
      properties[name] = this.schema(of);
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(name);
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const additionalProperties = index ? this.schema(index.type) : false;
    return { type: 'object', properties, required, additionalProperties };
  }

  #union(type) {
    const members = type.types.filter((t) => !(t.flags & this.ts.TypeFlags.Undefined) && this.isAlternative(t));
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
