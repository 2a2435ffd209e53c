#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/guardrails/traced_text.h"

namespace portolan::guardrails {

// What JSON says when it is read: each string, names of members among them, with its escapes resolved, and
// each number, true, false and null, every one on a line of its own. JSON may come in any pieces and need be
// none: what stands between quotes is taken for a string. Not thread-safe.
class JsonMeaning {
 public:
  void Append(std::string_view json);
  // Nothing follows.
  void Finish();

  // What has been read so far, traced to the JSON. An unfinished escape, and what follows it, are not in it.
  TracedText& text() { return text_; }

 private:
  enum class In : uint8_t { kStructure, kString, kScalar };

  void Read(std::string_view json, bool is_end);
  // How much of the beginning of `rest` could be read; 0: more has to come first.
  size_t ReadStructure(std::string_view rest);
  size_t ReadString(std::string_view rest, bool is_end);
  size_t ReadScalar(std::string_view rest);
  void BeginLine(size_t next);

  TracedText text_;
  std::string pending_;  // an escape that is not all there
  size_t origin_ = 0;    // of what is read next
  In in_ = In::kStructure;
  bool any_ = false;
};

// What a whole text of JSON says.
std::string MeaningOfJson(std::string_view json);

}  // namespace portolan::guardrails
