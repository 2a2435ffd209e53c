#include "server/core/stream_guard.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/base/json_text.h"
#include "server/core/upstream_answer.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using guardrails::EventText;
using guardrails::Guardrail;
using guardrails::Lane;
using guardrails::View;

// Of what is held back of one stream, and of its text.
constexpr size_t kMaxBytes = 16u << 20;

// Its verdict, or what it makes of the text, is to be known before the caller sees any of it.
bool Holds(const Guardrail& guardrail) {
  const bool decides = (guardrail.deny && !guardrail.mutator) || guardrail.changes();
  return decides && guardrail.stream != guardrails::StreamMode::kAfter;
}

bool IsComment(const http::StreamEvent& event) { return !event.has_data && event.name.empty(); }

// The caller takes chunks that are not OpenAI's.
bool TakesResults(const CallState& call) {
  if (call.sink.typed()) return true;
  return !(call.headers.strict_given ? call.headers.strict_open_ai_compliance
                                     : call.route.strict_open_ai_compliance);
}

Error TooMuch() {
  return {.http_status = 446,
          .code = "guardrail_error",
          .message = "the answer is too long to be looked at by guardrails: more than 16 MB",
          .type = "hooks_failed"};
}

}  // namespace

bool GuardsStream(const CallState& call) {
  if (call.hooks == nullptr || call.operation.chunk_type == nullptr) return false;
  const bool looks =
      !call.hooks->Of(HookPhase::kOutput).empty() || !call.hooks->Beside(HookPhase::kOutput).empty();
  return looks || (call.hooks->has_results() && TakesResults(call));
}

StreamGuard::StreamGuard(CallState& call)
    : call_(call),
      hooks_(*call.hooks),
      typed_(call.sink.typed()),
      tells_(TakesResults(call)),
      prototype_(typed_ ? call.operation.hub->chunk_type : call.operation.chunk_type) {
  ChooseMode();
}

void StreamGuard::ChooseMode() {
  for (const auto& guardrail : hooks_.Of(HookPhase::kOutput)) {
    if (!Holds(*guardrail)) continue;
    const std::optional<size_t> hold = guardrails::HoldOf(*guardrail);
    if (!hold) {
      mode_ = Mode::kWhole;
      return;
    }
    mode_ = Mode::kWindow;
    hold_ = std::max(hold_, *hold);
    for (const guardrails::Check& check : guardrail->checks) {
      checks_.push_back(&check);
      denies_.push_back(guardrail->deny && !guardrail->mutator);
    }
  }
}

void StreamGuard::Take(StreamBatch* batch) {
  out_.clear();
  arena_.Reset();
  for (const std::string_view piece : batch->pieces) AddPiece(piece);
  for (const std::string_view wire : batch->messages) {
    Message* const chunk = prototype_->New(&arena_);
    codec::DecodeError ignored;
    AddEvent(wire, codec::ParseWire(wire, chunk, &ignored) ? chunk : nullptr, {});
  }
  const bool ends = batch->done || batch->error;
  const bool whole = batch->done && !error_passes_;
  std::optional<Error> error;
  if (HoldsTooMuch()) {
    error = TooMuch();
  } else {
    if (ends) FinishWindows();
    const bool judges = whole || HasDenied();
    if (judges && hooks_.Asks(HookPhase::kOutput)) {
      ending_ = Ending{whole, std::move(batch->error)};
      batch->done = false;
      batch->error.reset();
      if (mode_ == Mode::kAfter) LetGoBeforeVerdicts();
      Put(std::nullopt, batch);
      return;
    }
    if (judges) error = JudgeNow();
    if (!error && ends) Conclude(whole);
    if (!error && !ends) Release();
  }
  Put(std::move(error), batch);
}

void StreamGuard::Put(std::optional<Error> error, StreamBatch* batch) {
  if (error) {
    out_.clear();
    batch->done = false;
    batch->error = std::move(error);
  }
  if (batch->done || batch->error) over_ = true;
  batch->pieces.clear();
  batch->messages.clear();
  auto& views = typed_ ? batch->messages : batch->pieces;
  views.assign(out_.begin(), out_.end());
}

net::Task<void> StreamGuard::Settle(StreamBatch* batch) {
  out_.clear();
  const Ending ending = *std::exchange(ending_, std::nullopt);
  std::vector<guardrails::LaneText> texts = Texts();
  hooks_.KeepIfWanted(HookPhase::kOutput, texts);
  guardrails::StreamedAnswer answer(std::move(texts));
  View view = answer.MakeView();
  const bool changed = co_await hooks_.Run(HookPhase::kOutput, &view, &answer);
  std::optional<Error> error = Judged(changed, answer);
  batch->done = ending.whole;
  if (!error) {
    batch->error = ending.error;
    Conclude(ending.whole);
  }
  Put(std::move(error), batch);
}

void StreamGuard::AddPiece(std::string_view piece) {
  http::StreamEvent event;
  reader_.Push(piece);
  while (reader_.Next(&event) == http::SseReader::Result::kEvent) {
    if (IsComment(event)) {
      // They tell that the provider lives. Before anything has left they would make a denial come too late.
      if (begun_) out_.emplace_back(event.raw);
      continue;
    }
    AddEvent(event.raw, event.has_data ? Decode(event.data) : nullptr, event.data);
  }
}

Message* StreamGuard::Decode(std::string_view data) {
  Message* const event = prototype_->New(&arena_);
  codec::DecodeError ignored;
  return codec::Decode(*call_.operation.chunk, data, kAnswerDecoding, event, &ignored) ? event : nullptr;
}

size_t StreamGuard::TrackOf(const Lane& lane) {
  const auto found =
      std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& track) { return track.lane == lane; });
  if (found != tracks_.end()) return static_cast<size_t>(found - tracks_.begin());
  Track track;
  track.lane = lane;
  if (mode_ == Mode::kWindow) {
    track.window.emplace(checks_, hold_, guardrails::WindowOptions{lane.is_json(), denies_});
  }
  tracks_.push_back(std::move(track));
  return tracks_.size() - 1;
}

// The texts of an event, in it or in *data.
void StreamGuard::AddTextsOf(Message* event, std::string* data, std::vector<EventText>* texts) {
  if (event == nullptr || guardrails::AddTexts(event, texts)) return;
  // Where its texts are is not known: all of it is one.
  texts->push_back({{}, data});
}

void StreamGuard::AddEvent(std::string_view raw, Message* event, std::string_view data) {
  Held held;
  held.bytes = raw;
  std::string text(data);
  std::vector<EventText> texts;
  AddTextsOf(event, &text, &texts);
  for (const EventText& said : texts) {
    const size_t index = TrackOf(said.lane);
    Track& track = tracks_[index];
    held.parts.push_back({index, track.text.size(), track.text.size() + said.text->size()});
    track.text += *said.text;
    text_bytes_ += said.text->size();
    if (track.window) track.window->Append(*said.text);
  }
  if (first_held_ == net::TimePoint()) first_held_ = call_.shard.loop->now();
  held_bytes_ += held.bytes.size();
  held_.push_back(std::move(held));
}

bool StreamGuard::HoldsTooMuch() const { return text_bytes_ > kMaxBytes || held_bytes_ > kMaxBytes; }

bool StreamGuard::HasDenied() const {
  return std::any_of(tracks_.begin(), tracks_.end(),
                     [](const Track& track) { return track.window && track.window->denied().has_value(); });
}

bool StreamGuard::IsDecided(const Held& held) const {
  if (mode_ == Mode::kAfter || over_) return true;
  if (mode_ == Mode::kWhole) return false;
  return std::all_of(held.parts.begin(), held.parts.end(),
                     [&](const Part& part) { return part.end <= tracks_[part.track].window->safe(); });
}

void StreamGuard::Release() {
  // What says nothing leaves with what comes next, so that a denial finds that nothing has left.
  size_t leaving = 0;
  bool speaks = begun_ || over_;
  for (size_t i = 0; i < held_.size() && IsDecided(held_[i]); ++i) {
    speaks |= !held_[i].parts.empty();
    if (speaks) leaving = i + 1;
  }
  for (; leaving > 0; --leaving) LetGoFirst();
}

void StreamGuard::LetGoFirst() {
  LetGo(std::move(held_.front()));
  held_.pop_front();
}

void StreamGuard::LetGo(Held held) {
  held_bytes_ -= held.bytes.size();
  if (!begun_) {
    begun_ = true;
    if (mode_ != Mode::kAfter) call_.shard.observer->OnHeld(call_.shard.loop->now() - first_held_);
    AddResults(HookPhase::kInput);
  }
  let_go_ |= !held.parts.empty();
  bool same = true;
  std::vector<std::string> texts;
  for (const Part& part : held.parts) {
    texts.push_back(TextNow(part));
    same &=
        texts.back() == std::string_view(tracks_[part.track].text).substr(part.begin, part.end - part.begin);
  }
  out_.push_back(same ? std::move(held.bytes) : Rewrite(held, texts));
}

// What has become of a part of a track. Parts of a track are asked for in order.
std::string StreamGuard::TextNow(const Part& part) {
  Track& track = tracks_[part.track];
  if (track.window) return track.window->Take(part.end);
  if (!track.changed) return track.text.substr(part.begin, part.end - part.begin);
  // Where in the text a change was made is not known: all of it stands in the first event.
  return std::exchange(track.placed, true) ? std::string() : *track.changed;
}

std::string StreamGuard::Rewrite(const Held& held, const std::vector<std::string>& texts) {
  http::SseReader reader;
  http::StreamEvent event;
  std::string data;
  Message* message = nullptr;
  if (typed_) {
    message = prototype_->New(&arena_);
    codec::DecodeError ignored;  // it has been parsed before
    (void)codec::ParseWire(held.bytes, message, &ignored);
  } else {
    reader.Push(held.bytes);
    (void)reader.Next(&event);
    data = event.data;
    message = Decode(data);
  }
  std::vector<EventText> places;
  AddTextsOf(message, &data, &places);
  for (size_t i = 0; i < places.size(); ++i) *places[i].text = texts[i];
  if (typed_) return message->SerializeAsString();
  if (places.empty() || places[0].text != &data) {
    data.clear();
    codec::Encode(*call_.operation.chunk, *message, {}, &data);
  }
  std::string out;
  if (!event.name.empty()) out.append("event: ").append(event.name).append("\n");
  http::AppendSseData(data, &out);
  return out;
}

void StreamGuard::AddResults(HookPhase phase) {
  if (!tells_ || !hooks_.HasResults(phase)) return;
  if (typed_) {
    out_.push_back(hooks_.ResultsAsChunk(phase));
    return;
  }
  const bool hub = call_.operation.speaks_hub();
  std::string json = hub ? R"({"object":"chat.completion.chunk","choices":[],"hook_results":)"
                         : R"({"type":"hook_results","hook_results":)";
  json.append(hooks_.ResultsOf(phase)).append("}");
  std::string event = hub ? "" : "event: hook_results\n";
  http::AppendSseData(json, &event);
  out_.push_back(std::move(event));
}

std::vector<guardrails::LaneText> StreamGuard::Texts() const {
  std::vector<guardrails::LaneText> texts;
  texts.reserve(tracks_.size());
  for (const Track& track : tracks_) texts.push_back({track.lane, track.text});
  return texts;
}

std::optional<Error> StreamGuard::JudgeNow() {
  std::vector<guardrails::LaneText> texts = Texts();
  hooks_.KeepIfWanted(HookPhase::kOutput, texts);
  guardrails::StreamedAnswer answer(std::move(texts));
  View view = answer.MakeView();
  return Judged(hooks_.RunNow(HookPhase::kOutput, &view), answer);
}

std::optional<Error> StreamGuard::Judged(bool changed, const guardrails::StreamedAnswer& answer) {
  if (auto denial = hooks_.Denial()) return denial;
  if (HasDenied()) return hooks_.LateDenial();
  if (changed && mode_ == Mode::kWhole) {
    for (size_t i = 0; i < tracks_.size(); ++i) {
      if (answer.text(i) != tracks_[i].text) tracks_[i].changed = answer.text(i);
    }
  }
  return std::nullopt;
}

void StreamGuard::FinishWindows() {
  for (Track& track : tracks_) {
    if (track.window) track.window->Finish();
  }
}

// Where nothing is held, only the end waits for the verdicts, behind which nobody reads.
void StreamGuard::LetGoBeforeVerdicts() {
  const size_t last = !typed_ && !held_.empty() && held_.back().parts.empty() ? 1 : 0;
  while (held_.size() > last) LetGoFirst();
}

void StreamGuard::Conclude(bool whole) {
  // Half an answer cannot be judged by what needs all of it: nothing of it leaves but how it ended.
  if (!whole && mode_ == Mode::kWhole) {
    const auto last = error_passes_ && !held_.empty() ? held_.end() - 1 : held_.end();
    held_.erase(held_.begin(), last);
  }
  over_ = true;
  if (!whole) {
    // The stream has broken off, or ends in an error of the provider's own.
    Release();
    return;
  }
  // The last event is the end marker, behind which nobody reads.
  std::optional<Held> last;
  if (!typed_ && !held_.empty() && held_.back().parts.empty()) {
    last = std::move(held_.back());
    held_.pop_back();
  }
  while (!held_.empty()) LetGoFirst();
  AddResults(HookPhase::kOutput);
  if (last) LetGo(*std::move(last));
}

}  // namespace portolan::core
