// The API takes members in both spellings, `thinking_config` and `thinkingConfig`; the types have the second. What is the
// caller's own, arguments and schemas, stays as it is.

const OWN = ['args', 'response', 'parametersJsonSchema', 'responseJsonSchema', 'responseSchema', 'partMetadata'];

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

export function camelNames(value) {
  if (Array.isArray(value)) return value.map(camelNames);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const spelt = camel(name);
      return [spelt, OWN.includes(spelt) ? member : camelNames(member)];
    }),
  );
}
