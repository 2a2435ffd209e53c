#include "providers/dialects/palm/parameters.h"

#include <utility>

#include "providers/classify.h"

namespace portolan::providers::palm {

Error Refuse(std::string why, std::string path) {
  return Error::InvalidRequest("unsupported_value", std::move(why), std::move(path));
}

std::string AnswerId(const CallFacts& facts) { return "chatcmpl-palm-" + std::to_string(facts.unix_seconds); }

Error NoCandidates() { return BrokenAnswer("upstream_empty_answer", "palm answered without a candidate"); }

}  // namespace portolan::providers::palm
