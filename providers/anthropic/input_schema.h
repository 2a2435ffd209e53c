#pragma once

// The schema of a tool's arguments, made fit for Anthropic's API. It takes an object whose `type` is
// `object`, and no `anyOf`, `oneOf` or `allOf` beside that.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers::anthropic {

enum class SchemaFit : uint8_t {
  kGood,      // goes as it is
  kMended,    // goes as *mended says
  kNoSchema,  // is none
};

// `schema` is one JSON value. What is mended describes the same objects, and the caller's members stay byte
// for byte:
//
//   no type, several types, one that JSON Schema does not know    the type becomes `object`
//   anyOf, oneOf, allOf                                           they move to `$defs`, and a `$ref` points
//   there what no object fits (a string, a list of numbers)             it becomes the schema of an object's
//   member `value` true, false                                                   an object with any members,
//   or with none
SchemaFit FitInputSchema(std::string_view schema, std::string* mended);

}  // namespace portolan::providers::anthropic
