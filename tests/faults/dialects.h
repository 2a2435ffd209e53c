#pragma once

// What the rows need said, in the words of each dialect. A fault is written once; here is all that differs.

#include <map>
#include <string>
#include <vector>

namespace portolan::faults {

// What an upstream speaks.
enum class Dialect { kOpenAi, kAnthropic, kGoogle, kBedrock, kCohere };
const std::vector<Dialect>& AllDialects();
std::string NameOf(Dialect dialect);  // as people call it

// What a provider may say is wrong. Each dialect has its own words for it.
enum class Trouble { kNotFound, kRateLimit, kFailure, kOverload };

struct TroubleWords {
  std::string code;  // as callers are told it
  std::string body;  // of an answer that is an error
  std::string event;
};

struct Phrases {
  std::string body;         // a good answer in one piece
  std::string stream_type;  // the content type of a stream
  // A good stream whose text is that of `body`, in its framing, and how many of its events there are
  // up to and with the first text, and before the one that tells why the answer ended.
  std::vector<std::string> events;
  size_t until_text = 0;
  size_t before_finish = 0;
  std::string idle;          // may stand between two events and says nothing
  std::string broken_event;  // in good framing, but no JSON
  std::string huge_event;    // the beginning of an event of 100 MB
  std::map<Trouble, TroubleWords> troubles;
};

const Phrases& In(Dialect dialect);

}  // namespace portolan::faults
