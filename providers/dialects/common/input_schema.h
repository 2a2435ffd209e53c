#pragma once

// Makes the schema of a tool's arguments fit for Claude (Anthropic's API, Bedrock), which wants an object
// whose `type` is `object`, without `anyOf`, `oneOf` or `allOf` beside that.

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::providers {

enum class SchemaFit : uint8_t {
  kGood,      // may be sent as it is
  kMended,    // send *mended instead
  kNoSchema,  // is not a schema
};

// `schema` is one JSON value. A mended schema describes the same objects, and the caller's members stay byte
// for byte:
//
//   given                                       mended
//   no type, several, or an unknown one         the type becomes `object`
//   anyOf, oneOf, allOf                         they move to `$defs`, and a `$ref` refers to them
//   a schema that no object fits (a string, …)  it becomes that of `value`, the only member of an object
//   true                                        an object with any members
//   false                                       an object without members
SchemaFit FitInputSchema(std::string_view schema, std::string* mended);

}  // namespace portolan::providers
