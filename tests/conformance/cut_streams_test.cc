// Every recorded stream, cut at every byte and ended in good framing: what the provider had not finished
// saying is never passed on as a whole answer. No I/O.

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "providers/registry.h"
#include "server/core/operations.h"
#include "server/core/stream_pipeline.h"
#include "tests/conformance/recordings.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

// Where a stream may end and be complete: judged by the events' own JSON. Anthropic always sends
// `message_stop`. OpenAI's servers are not all so exact: finish reasons without `[DONE]` will do, and a last
// event without its blank line.
class Completeness {
 public:
  Completeness(std::string_view provider, const std::string& stream) : stream_(stream) {
    const bool anthropic = provider == "anthropic";
    for (size_t at = 0; at < stream.size() && !final_;) {
      const size_t blank = stream.find("\n\n", at);
      if (blank == std::string::npos) break;
      const std::string event = stream.substr(at, blank - at);
      at = blank + 2;
      const size_t data = event.find("data: ");
      if (data == std::string::npos) continue;
      const std::string text = event.substr(data + 6);
      final_ = text == "[DONE]";
      bool complete = final_;
      if (!final_ && anthropic) {
        const json parsed = json::parse(text);
        final_ = parsed.at("type") == "message_stop";
        reason_ = reason_ || (parsed.contains("/delta/stop_reason"_json_pointer) &&
                              parsed["delta"]["stop_reason"].is_string());
        complete = final_ || reason_;
      } else if (!final_) {
        complete = Finishes(json::parse(text));
      }
      ends_.emplace_back(blank, complete);
    }
  }

  // After the first `size` bytes.
  bool At(size_t size) const {
    size_t last = 0;
    bool complete = false;
    for (const auto& [end, is_complete] : ends_) {
      if (end > size) break;
      last = end;
      complete = is_complete;
    }
    const bool at_final = final_ && last == ends_.back().first;
    return complete && (at_final || stream_.find_first_not_of('\n', last) >= size);
  }

 private:
  // Whether every choice seen so far has its finish reason.
  bool Finishes(const json& chunk) {
    for (const json& choice : chunk.value("choices", json::array())) {
      bool& finished = finished_[choice.value("index", 0)];
      finished = finished || (choice.contains("finish_reason") && choice["finish_reason"].is_string());
    }
    bool all = !finished_.empty();
    for (const auto& [index, finished] : finished_) all = all && finished;
    return all;
  }

  const std::string& stream_;
  std::map<int, bool> finished_;
  std::vector<std::pair<size_t, bool>> ends_;
  bool reason_ = false;  // why the message ends has been told (Anthropic)
  bool final_ = false;   // the last of the ends is the end marker
};

class CutStreams : public testing::TestWithParam<const char*> {
 protected:
  CutStreams() {
    auto operations = core::Operations::Build(providers::BuiltInCatalog().dialects);
    EXPECT_TRUE(operations.ok()) << operations.status();
    operations_ = *std::move(operations);
    target_.provider = registry_->Find(GetParam());
    target_.dialect = target_.provider->dialect;
  }

  std::unique_ptr<core::StreamPipeline> NewPipeline(bool typed) const {
    const core::OperationSpec& chat = *operations_->Hub(providers::operation::kChat);
    if (GetParam() == std::string_view("openai")) return core::NewRelayStream(chat, target_, typed);
    providers::CallFacts facts;
    facts.stream = facts.content_blocks = true;
    const providers::Form& form = *target_.provider->Find(providers::operation::kChat);
    return core::NewMappedStream(chat, {form, operations_->PlanOf(form), target_}, facts, typed);
  }

  const std::unique_ptr<providers::Registry> registry_ = providers::Registry::BuiltIn();
  std::unique_ptr<core::Operations> operations_;
  providers::Target target_;
};

// True if the caller is told that this is all.
bool EndsWell(core::StreamPipeline& pipeline, std::string_view stream) {
  core::StreamBatch batch;
  pipeline.Feed(stream, &batch);
  if (!batch.done && !batch.error) {
    batch.Clear();
    pipeline.End(&batch);
  }
  EXPECT_NE(batch.done, batch.error.has_value());
  return batch.done;
}

TEST_P(CutStreams, AreNeverTakenForTheWhole) {
  const bool anthropic = GetParam() == std::string_view("anthropic");
  const auto recordings = LoadRecordings(GetParam(), anthropic ? "messages-stream" : "chat-stream");
  if (!recordings) GTEST_SKIP() << "no recordings on this machine";
  size_t streams = 0;
  size_t offsets = 0;
  for (const Recording& recording : *recordings) {
    if (!recording.response().is_string() || recording.status() != 200) continue;
    SCOPED_TRACE(recording.name);
    const auto stream = recording.response().get<std::string>();
    if (stream.find("event: error") != std::string::npos ||
        stream.find("data: {\"error\"") != std::string::npos)
      continue;
    ++streams;
    const Completeness complete(GetParam(), stream);
    for (const bool typed : {false, true}) {
      for (size_t size = 0; size <= stream.size(); ++size) {
        ++offsets;
        const auto pipeline = NewPipeline(typed);
        ASSERT_EQ(EndsWell(*pipeline, std::string_view(stream).substr(0, size)), complete.At(size))
            << "cut after byte " << size << (typed ? ", typed" : "");
      }
    }
  }
  EXPECT_GT(streams, 0u);
  std::printf("recorded exchanges of %s: %zu streams cut at %zu places\n", GetParam(), streams, offsets);
}

INSTANTIATE_TEST_SUITE_P(All, CutStreams, testing::Values("openai", "anthropic"));

}  // namespace
}  // namespace portolan::conformance
