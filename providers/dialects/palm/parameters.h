#pragma once

// What requests and answers of PaLM's chat and text completions have in common.

#include <google/protobuf/repeated_field.h>

#include <optional>
#include <string>
#include <string_view>

#include "palm/v1/palm.pb.h"
#include "providers/call.h"
#include "providers/dialects/common/json.h"
#include "server/base/error.h"

namespace portolan::providers::palm {

// Says that PaLM does not take a member.
Error Refuse(std::string why, std::string path);

// Temperature, top_p and the number of answers: `request` is the hub's, of chat or of text.
template <typename Request, typename Wire>
std::optional<Error> TakeSampling(const Request& request, Wire* out, DroppedMembers* dropped) {
  constexpr int64_t kMostCandidates = 8;
  constexpr double kMostTemperature = 1;
  if (request.has_n() && (request.n() < 1 || request.n() > kMostCandidates)) {
    return Refuse("palm gives 1 to 8 answers", "n");
  }
  if (request.n() > 1) out->set_candidate_count(request.n());
  if (request.has_temperature()) {
    if (!(request.temperature() >= 0)) return Refuse("a temperature is 0 or more", "temperature");
    const bool too_high = request.temperature() > kMostTemperature;
    if (too_high) dropped->emplace_back("temperature");
    out->set_temperature(too_high ? kMostTemperature : request.temperature());
  }
  if (request.has_top_p()) {
    if (!(request.top_p() >= 0 && request.top_p() <= 1))
      return Refuse("expected a number from 0 to 1", "top_p");
    out->set_top_p(request.top_p());
  }
  return std::nullopt;
}

// Members that neither takes and whose loss leaves the answer what it is: named as dropped where they ask for
// something.
template <typename Request>
void NameLost(const Request& request, DroppedMembers* dropped) {
  if (request.presence_penalty() != 0) dropped->emplace_back("presence_penalty");
  if (request.frequency_penalty() != 0) dropped->emplace_back("frequency_penalty");
  if (!request.logit_bias().empty()) dropped->emplace_back("logit_bias");
  if (request.has_seed()) dropped->emplace_back("seed");
  if (!request.user().empty()) dropped->emplace_back("user");
}

// PaLM names no answer.
std::string AnswerId(const CallFacts& facts);

// Why there is no candidate.
struct Blocked {
  std::string reason;   // `SAFETY`
  std::string message;  // may be empty
};
// Nothing if the answer has candidates or no filter says why not.
template <typename Wire>
std::optional<Blocked> BlockedIn(const Wire& answer) {
  if (!answer.candidates().empty() || answer.filters().empty()) return std::nullopt;
  return Blocked{answer.filters(0).reason(), answer.filters(0).message()};
}

// An answer that has neither candidates nor a reason why there are none.
Error NoCandidates();

}  // namespace portolan::providers::palm
