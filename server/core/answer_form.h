#pragma once

#include <cstdint>
#include <string_view>

namespace portolan::core {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What a body is, by its first bytes: compatible servers mislabel their answers, and SDKs do not look.
enum class BodyForm : uint8_t {
  kUnknown,  // nothing but blanks so far, or too little to tell
  kEvents,   // server-sent events (WHATWG HTML, section 9.2)
  kJson,     // an object or array
  kOther,
};

// `begin` is as much of the body as has come. A byte order mark and blanks before it do not count.
BodyForm FormOf(std::string_view begin);

}  // namespace portolan::core
