// Reads a FileDescriptorSet (google/protobuf/descriptor.proto), with the options of portolan/options/v1/options.proto.

import { readFileSync } from 'node:fs';

// The fields of one message: [number, value] in order; a value is a BigInt or a Buffer.
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wireType = key & 7;
    if (wireType === 0) {
      yield [key >> 3, varint()];
    } else if (wireType === 1 || wireType === 5) {
      const size = wireType === 1 ? 8 : 4;
      yield [key >> 3, bytes.subarray(at, (at += size))];
    } else if (wireType === 2) {
      const size = Number(varint());
      yield [key >> 3, bytes.subarray(at, (at += size))];
    } else {
      throw new Error(`wire type ${wireType}`);
    }
  }
}

const all = (bytes, number) => [...fields(bytes)].filter(([n]) => n === number).map(([, value]) => value);
const text = (bytes, number) => all(bytes, number).at(-1)?.toString() ?? '';
const int = (bytes, number) => Number(all(bytes, number).at(-1) ?? 0n);

const LABEL_REPEATED = 3;
const TYPES = {
  1: 'number', 2: 'number', 3: 'number', 4: 'number', 5: 'number', 6: 'number', 7: 'number', 8: 'boolean', 9: 'string',
  11: 'message', 12: 'bytes', 13: 'number', 14: 'string', 15: 'number', 16: 'number', 17: 'number', 18: 'number',
};

// Number of each extension of our options, by name.
function optionNumbers(files) {
  const numbers = {};
  for (const file of files) {
    if (text(file, 2) !== 'portolan.options.v1') continue;
    for (const extension of all(file, 7)) numbers[text(extension, 1)] = int(extension, 3);
  }
  return numbers;
}

// Reads `path` into a map from full name to
//   {name, union, inline, fields: [{name, type, message, repeated, sink, raw, asObject}]}
// where `name` of a field is its JSON name: as declared, unless the file asks for lowerCamelCase.
export function readDescriptors(path) {
  const files = all(readFileSync(path), 1);
  const numbers = optionNumbers(files);
  const flag = (options, name) => options !== undefined && int(options, numbers[name]) === 1;
  const messages = new Map();

  const addMessage = (bytes, scope, camelCase) => {
    const name = `${scope}.${text(bytes, 1)}`;
    const options = all(bytes, 7).at(-1);
    messages.set(name, {
      name,
      union: flag(options, 'union'),
      inline: flag(options, 'inline'),
      fields: all(bytes, 2).map((field) => {
        const fieldOptions = all(field, 8).at(-1);
        return {
          name: camelCase ? text(field, 10) : text(field, 1),
          type: TYPES[int(field, 5)],
          message: text(field, 6).slice(1),
          repeated: int(field, 4) === LABEL_REPEATED,
          sink: flag(fieldOptions, 'sink'),
          raw: flag(fieldOptions, 'raw_json'),
          asObject: flag(fieldOptions, 'as_object'),
        };
      }),
    });
    for (const nested of all(bytes, 3)) addMessage(nested, name, camelCase);
  };
  for (const file of files) {
    const camelCase = all(file, 8).some((options) => int(options, numbers.json_names) === 1);
    for (const message of all(file, 4)) addMessage(message, text(file, 2), camelCase);
  }
  return messages;
}
