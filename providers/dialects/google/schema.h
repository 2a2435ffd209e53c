#pragma once

// Makes a JSON Schema one that the Gemini API takes.
//
// It takes the keywords $id, $defs, $ref, $anchor, type, format, title, description, enum, items,
// prefixItems, minItems, maxItems, minimum, maximum, anyOf, oneOf, properties, additionalProperties, required
// and propertyOrdering; beside a $ref nothing else. Source: `responseJsonSchema` of @google/genai 2.32.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers::gemini {

enum class SchemaUse : uint8_t {
  kAnswer,      // of the answer: any type
  kParameters,  // of a function: an object
};

// The schema with what means the same and is taken: `const` as an `enum` of one, a `$ref` that has
// neighbours as an `anyOf` of one; without `$schema`. For a function `type` is added where nothing tells it.
// Everything else is kept as it stands. A schema that refers to itself stays as it is. What is no object
// comes out unchanged.
// REQUIRES: `json` is one JSON value.
std::string FitSchema(std::string_view json, SchemaUse use);

}  // namespace portolan::providers::gemini
