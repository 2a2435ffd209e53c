#pragma once

// The names that servers use for the parts of an error. Internal to providers/.

#include <cstdint>
#include <string_view>

namespace portolan::providers {

// What a member of an error object is for.
enum class Role : uint8_t {
  kNone,
  kError,        // holds the error, or is it
  kEnvelope,     // may hold the error
  kMessage,      // the words
  kDetail,       // more words, or the only ones
  kDescription,  // likewise, but of less weight
  kProblems,     // a list of what is wrong
  kTitle,
  kType,
  kCode,
  kAwsType,  // `com.amazon.coral.service#ThrottlingException`
  kStatus,
  kParam,
  kPlace,  // of one problem of a list
};

// The role of a member by its name, in any case and with or without `_` and `-`: `status_code`, `statusCode`
// and `StatusCode` are the same.
Role RoleOf(std::string_view name);

// Whether a text only repeats a status: `Bad Request` (RFC 9110, section 15).
bool IsReasonPhrase(std::string_view text);

}  // namespace portolan::providers
