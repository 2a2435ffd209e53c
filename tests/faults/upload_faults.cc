#include "tests/faults/upload_fault.h"

namespace portolan::faults {
namespace {

using test::Head;
using test::Latch;
using test::Script;

constexpr char kTooLarge[] =
    R"({"error":{"message":"too large","type":"invalid_request_error","param":null,"code":"too_large"}})";

Script TooLarge() { return test::RespondJson(413, kTooLarge); }

}  // namespace

std::vector<UploadFault> UploadFaults() {
  using Caller = UploadFault::Caller;
  std::vector<UploadFault> faults;
  const auto upstream = [&](const std::string& name, Outcome outcome, std::function<Script(Latch)> on_head) {
    faults.push_back({"the upstream " + name, std::move(outcome), Caller::kSendsAll, std::move(on_head)});
  };
  const auto answers = [&](const std::string& name, Outcome outcome, std::function<Script()> answer) {
    faults.push_back(
        {"the upstream " + name, std::move(outcome), Caller::kSendsAll, nullptr, std::move(answer)});
  };
  const auto caller = [&](const std::string& name, Outcome outcome, Caller does) {
    faults.push_back({"the caller " + name, std::move(outcome), does});
  };

  upstream("resets in mid-body", BadGateway("upstream_reset"),
           [](Latch begun) { return Script().Hold(std::move(begun)).Reset(); });
  upstream("closes in mid-body", BadGateway("upstream_reset"),
           [](Latch begun) { return Script().Hold(std::move(begun)).Close(); });
  upstream("reads no more", TooSlow("upstream_idle_timeout"), [](Latch) { return Script().Stall(); });
  const Outcome refused = Callers(Refused(413, "too_large", grpc::OUT_OF_RANGE));
  upstream("answers 413 in mid-body", refused, [](Latch begun) {
    return Script().Hold(std::move(begun)).Send(TooLarge().steps()[0].bytes).Stall();
  });
  upstream("answers 413 in mid-body and closes", refused, [](Latch begun) {
    return Script().Hold(std::move(begun)).Send(TooLarge().steps()[0].bytes).Close();
  });
  upstream("sends half an answer in mid-body and resets", Cut(), [](Latch begun) {
    return Script().Hold(std::move(begun)).Send(Head(200, {{"Content-Length", "9"}}) + "half").Reset();
  });
  upstream("sends something that is not HTTP in mid-body", BadGateway("upstream_invalid_answer"),
           [](Latch begun) { return Script().Hold(std::move(begun)).Send("220 ready\r\n\r\n").Stall(); });

  answers("takes all and resets", BadGateway("upstream_reset"), [] { return Script().Reset(); });
  answers("takes all and closes", BadGateway("upstream_reset"), [] { return Script().Close(); });
  answers("takes all and never answers", TooSlow("upstream_first_byte_timeout"),
          [] { return Script().Stall(); });
  answers("takes all and answers by half", Cut(),
          [] { return Script().Send(Head(200, {{"Content-Length", "9"}}) + "half").Close(); });

  caller("leaves in mid-body", NotAsked(), Caller::kLeaves);
  caller("resets in mid-body", NotAsked(), Caller::kResets);
  caller("stalls in mid-body", Callers(Refused(408, "request_timeout", grpc::DEADLINE_EXCEEDED)),
         Caller::kStalls);
  caller("sends a chunk size that is no number",
         Callers(Refused(400, "malformed_http", grpc::INVALID_ARGUMENT)), Caller::kBreaksChunk);
  caller("leaves in mid-answer", NotAsked(), Caller::kLeavesAtAnswer);
  faults.back().answer = [] { return Script().Send(Head(200, {{"Content-Length", "9"}}) + "half").Stall(); };
  return faults;
}

}  // namespace portolan::faults
