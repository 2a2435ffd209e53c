// Compares TypeScript types with messages: everything a type may be must have its place in the message's JSON form.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from '../sdk_schema/types.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

// The types of roots.ts, resolved against the packages in `directory`/node_modules.
export function loadRoots(directory) {
  const { ts, checker, roots } = load(directory, readFileSync(join(HERE, 'roots.ts'), 'utf8'));
  const types = new Map();
  for (const property of checker.getPropertiesOfType(roots)) {
    types.set(property.getName(), checker.getTypeOfSymbol(property));
  }
  return { ts, checker, types };
}

// One comparison of all roots with `messages` (see descriptors.mjs).
export class Walk {
  errors = new Map(); // from path to what is wrong there
  met = new Set(); // `message/field` of every member that was found

  #ts;
  #checker;
  #messages;
  #seen = new Set();

  constructor({ ts, checker }, messages) {
    this.#ts = ts;
    this.#checker = checker;
    this.#messages = messages;
  }

  run(types) {
    for (const [name, type] of types) this.#compare(type, { type: 'message', message: name }, name);
    return this;
  }

  #fail(path, problem) {
    if (!this.errors.has(path)) this.errors.set(path, problem);
  }

  // `place` is where a value of `type` would be kept: {type, message?, raw?, repeated?, asObject?}.
  #compare(type, place, path) {
    const ts = this.#ts;
    if (type.isUnion()) {
      for (const member of type.types) this.#compare(member, place, path);
      return;
    }
    if (type.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return;
    const scalar = this.#scalarOf(type);
    if (scalar !== undefined) {
      if (!this.#takesScalar(place, scalar)) this.#fail(path, `cannot hold a ${scalar}`);
    } else if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) {
      if (!place.raw) this.#fail(path, 'cannot hold any JSON');
    } else if (this.#checker.isArrayType(type) || this.#checker.isTupleType(type)) {
      for (const element of this.#checker.getTypeArguments(type)) this.#compareArray(element, place, `${path}[]`);
    } else {
      this.#compareObject(type, place, path);
    }
  }

  #scalarOf(type) {
    const { TypeFlags } = this.#ts;
    if (type.isIntersection()) return type.types.map((part) => this.#scalarOf(part)).find(Boolean); // `string & {}`
    if (type.flags & TypeFlags.StringLike) return 'string';
    if (type.flags & TypeFlags.NumberLike) return 'number';
    if (type.flags & TypeFlags.BooleanLike) return 'boolean';
    return undefined;
  }

  #arms(place) {
    const message = place.type === 'message' ? this.#messages.get(place.message) : undefined;
    return message?.union ? message.fields : [];
  }

  #takesScalar(place, scalar) {
    if (place.repeated || place.raw) return false;
    return place.type === scalar || this.#arms(place).some((arm) => arm.type === scalar);
  }

  // The places for the elements of an array kept at `place`; empty if it cannot hold an array.
  #elementPlaces(place) {
    if (place.repeated) return place.asObject ? [] : [{ ...place, repeated: false }];
    const message = place.type === 'message' ? this.#messages.get(place.message) : undefined;
    if (message?.inline) return message.fields.map((field) => ({ ...field, repeated: false }));
    if (message?.union) return message.fields.flatMap((arm) => this.#elementPlaces(arm));
    return [];
  }

  #compareArray(element, place, path) {
    const places = this.#elementPlaces(place);
    if (places.length === 0) return this.#fail(path, 'cannot hold an array');
    if (places.length === 1) return this.#compare(element, places[0], path);
    const fits = places.some((candidate) => {
      const attempt = new Walk({ ts: this.#ts, checker: this.#checker }, this.#messages);
      attempt.#compare(element, candidate, path);
      return attempt.errors.size === 0;
    });
    if (!fits) this.#fail(path, `cannot hold an array of ${this.#checker.typeToString(element)}`);
  }

  #compareObject(type, place, path) {
    const properties = this.#checker.getPropertiesOfType(type);
    const freeKeys = this.#checker.getIndexInfosOfType(type);
    if (freeKeys.length > 0) this.#compareFreeKeys(freeKeys, place, path);
    if (properties.length === 0) return;

    const candidates = [place, ...this.#arms(place)].filter((candidate) => {
      const message = candidate.type === 'message' && this.#messages.get(candidate.message);
      return message && !message.union && !message.inline && !candidate.repeated && !candidate.raw;
    });
    if (candidates.length !== 1) return this.#fail(path, 'cannot hold an object');
    const message = this.#messages.get(candidates[0].message);
    const key = `${type.id}/${message.name}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    for (const property of properties) {
      const name = property.getName();
      const field = message.fields.find((candidate) => candidate.name === name && !candidate.sink);
      if (field === undefined) {
        this.#fail(`${path}.${name}`, `${message.name} has no such field`);
        continue;
      }
      this.met.add(`${message.name}/${name}`);
      this.#compare(this.#checker.getTypeOfSymbol(property), field, `${path}.${name}`);
    }
  }

  #compareFreeKeys(freeKeys, place, path) {
    if (place.raw && !place.repeated) return;
    if (!place.asObject) return this.#fail(path, 'cannot hold an object with free keys');
    const value = this.#messages.get(place.message).fields.find((field) => field.name === 'value');
    for (const { type } of freeKeys) this.#compare(type, value, `${path}.*`);
  }
}
