#include "server/middleware/grpc/grpc_stream.h"

#include <utility>

#include "server/middleware/grpc/bytes.h"
#include "server/middleware/grpc/events.h"
#include "server/middleware/grpc/verdicts.h"

namespace portolan::middleware {
namespace {

using Action = Verdict::Action;

constexpr size_t kMaxLeavers = 1024;

// So many verdicts a service may give beside two for each chunk, one that holds it and one that does not.
constexpr uint64_t kSpareVerdicts = 16;

net::TimePoint DeadlineOf(const CallInfo& call) {
  return call.remaining ? net::Clock::now() + *call.remaining : net::kNever;
}

}  // namespace

Leavers::~Leavers() {
  for (const auto& leaver : calls_) {
    if (const auto call = leaver.lock()) call->Cancel();
  }
}

void Leavers::Add(const std::shared_ptr<StreamCall>& call) {
  while (!calls_.empty() && (calls_.size() >= kMaxLeavers || calls_.front().expired())) {
    if (const auto oldest = calls_.front().lock()) oldest->Cancel();
    calls_.pop_front();
  }
  calls_.push_back(call);
}

GrpcStream::GrpcStream(Connection& connection, Description& description, Leavers& leavers,
                       const CallInfo& call, int status, std::function<void()> on_news)
    : connection_(connection),
      description_(description),
      leavers_(leavers),
      call_(StreamCall::Start(connection, DeadlineOf(call), std::move(on_news))) {
  failure_ = connection.problem();
  if (failure_.empty()) {
    call_->Send(0, ToBytes(ToStreamStart(call, status)));
  } else {
    call_->Nudge();
  }
}

GrpcStream::~GrpcStream() {
  if (!over_) call_->Leave(/*cancel=*/true);
}

void GrpcStream::Send(uint64_t sequence, const BodyView& body) {
  if (over_ || end_ || !failure_.empty()) return;
  if (body.typed != nullptr) told_type_ = body.typed->GetDescriptor();
  v1::ChunkEvent event;
  failure_ = ToChunkEvent(sequence, body, connection_.settings().max_body, &event);
  if (!failure_.empty()) return call_->Nudge();
  call_->Send(sequence, ToBytes(event));
}

void GrpcStream::End(uint64_t sequence, const Usage& usage, std::string_view error_code) {
  if (over_ || end_ || !failure_.empty()) return;
  end_ = sequence;
  call_->Send(sequence, ToBytes(ToStreamEnd(sequence, usage, error_code)));
  call_->CloseWrites();
}

std::optional<ChunkNews> GrpcStream::Take() {
  if (over_) return std::nullopt;
  if (!failure_.empty()) return Fail(std::move(failure_));
  if (const std::optional<StreamCall::Heard> heard = call_->Take()) return Read(*heard);
  const std::optional<grpc::Status> status = call_->ended();
  if (!status) return std::nullopt;
  description_.Heed(*status);
  return Fail(status->ok() ? "the stream was ended before its last verdict" : CodeOf(*status));
}

ChunkNews GrpcStream::Read(const StreamCall::Heard& heard) {
  v1::ChunkVerdict said;
  if (!Parse(heard.bytes, &said)) return Fail("a message that is no ChunkVerdict");
  if (++verdicts_ > 2 * heard.told + kSpareVerdicts) return Fail("far more verdicts than chunks");
  ChunkNews news;
  news.sequence = said.sequence();
  news.outcome = ReadChunkVerdict(std::move(said), told_type_, connection_.settings().max_body);
  if (!news.outcome.verdict) return Fail(std::move(news.outcome.failure));
  const Action action = news.outcome.verdict->action;
  if (!MaySpeakOf(news.sequence, action, heard.told)) return Fail("wrong sequence");
  const bool of_end = news.sequence == end_;
  if (of_end && action == Action::kReplace) return Fail("Replace of the end");
  if (action != Action::kHold) released_ = news.sequence;
  const bool last = action == Action::kDone || action == Action::kDeny;
  if (last || (of_end && action != Action::kHold)) Finish();
  return news;
}

bool GrpcStream::MaySpeakOf(uint64_t sequence, Action action, uint64_t told) const {
  if (sequence == 0 || sequence > told) return false;
  // What ends all needs nothing that is held.
  const bool ends = action == Action::kDone || action == Action::kDeny;
  return ends ? sequence >= released_ : sequence > released_;
}

ChunkNews GrpcStream::Fail(std::string why) {
  over_ = true;
  call_->Leave(/*cancel=*/true);
  ChunkNews news;
  news.outcome = Failed(std::move(why));
  return news;
}

void GrpcStream::Finish() {
  over_ = true;
  call_->Leave(/*cancel=*/false);
  leavers_.Add(call_);
}

}  // namespace portolan::middleware
