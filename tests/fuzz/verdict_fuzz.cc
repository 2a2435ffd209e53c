// What middleware say, from a hostile service. The input is a Verdict and a ChunkVerdict in wire format with
// a zero byte and a newline between. Properties: each is taken or refused with a reason; what is taken is
// within its bounds, and a body that takes the place of another is one of its kind.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "portolan/middleware/v1/verdicts.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "server/base/utf8.h"
#include "server/codec/json_reader.h"
#include "server/middleware/grpc/verdicts.h"

namespace {

using namespace portolan;
using namespace portolan::middleware;

constexpr size_t kMaxBody = 4096;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireBounded(const Verdict& verdict) {
  Require(verdict.notes.size() <= 64);
  for (const auto& [name, value] : verdict.notes) Require(name.size() + value.size() <= 1024);
  Require(verdict.findings.size() <= 64);
  for (const Finding& finding : verdict.findings) Require(!finding.name.empty() && finding.name.size() <= 64);
  if (verdict.action == Verdict::Action::kDeny) {
    Require(verdict.denial.http_status >= 400 && verdict.denial.http_status <= 499);
    Require(verdict.denial.code.size() <= 64 && verdict.denial.message.size() <= 1024);
  }
  if (verdict.action == Verdict::Action::kReplace || verdict.action == Verdict::Action::kAnswer) {
    Require(verdict.body.typed == nullptr || verdict.body.json.empty());
    Require(verdict.body.json.size() <= kMaxBody);
  }
}

bool HasBody(const Verdict& verdict) { return verdict.body.typed != nullptr || !verdict.body.json.empty(); }

void Check(const Outcome& outcome) {
  Require(outcome.verdict.has_value() == outcome.failure.empty());
  if (outcome.verdict) RequireBounded(*outcome.verdict);
}

void TryVerdict(std::string_view wire, Hook hook, const google::protobuf::Message* told) {
  middleware::v1::Verdict said;
  if (!said.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return;
  const CallInfo info;
  Event event{hook, info, {}};
  if (told != nullptr) {
    event.body.typed = told;
  } else {
    event.body.json = "{}";
  }
  const Outcome outcome = ReadVerdict(std::move(said), event, kMaxBody);
  Check(outcome);
  if (!outcome.verdict) return;
  const Verdict& verdict = *outcome.verdict;
  if (verdict.action == Verdict::Action::kAnswer) Require(hook != Hook::kResponse && HasBody(verdict));
  // Only a text that a model has answered may be replaced by nothing.
  if (verdict.action == Verdict::Action::kReplace) Require(hook == Hook::kResponse || HasBody(verdict));
}

void TryChunk(std::string_view wire, const google::protobuf::Descriptor* told) {
  middleware::v1::ChunkVerdict said;
  if (!said.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return;
  const Outcome outcome = ReadChunkVerdict(std::move(said), told, kMaxBody);
  Check(outcome);
  if (outcome.verdict && outcome.verdict->action == Verdict::Action::kReplace)
    Require(HasBody(*outcome.verdict));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = input.find(std::string_view("\0\n", 2));
  const std::string_view first = input.substr(0, cut);
  const std::string_view second = cut == std::string_view::npos ? first : input.substr(cut + 2);
  const ::portolan::v1::ChatCompletionRequest request;
  const ::portolan::v1::ChatCompletion answer;
  TryVerdict(first, Hook::kRequest, &request);
  TryVerdict(first, Hook::kRequest, nullptr);
  TryVerdict(first, Hook::kResponse, &answer);
  TryVerdict(first, Hook::kResponse, nullptr);
  TryChunk(second, ::portolan::v1::ChatCompletionChunk::descriptor());
  TryChunk(second, nullptr);
  return 0;
}
