#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/registry.h"
#include "server/core/operations.h"
#include "server/core/stream_pipeline.h"
#include "tests/unit/core/feed.h"

namespace portolan::core {
namespace {

constexpr std::string_view kStream =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":"
    "{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
    "data: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\","
    "\"name\":\"f\",\"input\":{\ndata: }}}\n\n"
    "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "data: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":9}}"
    "\n\n"
    "data: {\"type\":\"message_stop\"}\n\n";

struct Outcome {
  std::string text;
  bool done = false;
  std::optional<Error> error;
  StreamFacts facts;
  TokenUsage usage;
};

class MappedStreamTest : public testing::Test {
 protected:
  MappedStreamTest() {
    auto operations = Operations::Build(providers::BuiltInCatalog().dialects);
    EXPECT_TRUE(operations.ok()) << operations.status();
    operations_ = *std::move(operations);
  }

  Outcome Run(std::string_view stream, size_t size) {
    providers::CallFacts facts;
    facts.stream = true;
    facts.content_blocks = true;
    providers::Target target;
    target.provider = registry_->Find("anthropic");
    target.dialect = target.provider->dialect;
    const providers::Form& form = *target.provider->Find(providers::operation::kChat);
    const auto pipeline = NewMappedStream(*operations_->Hub(providers::operation::kChat),
                                          {form, operations_->PlanOf(form), target}, facts, /*typed=*/false);
    Outcome outcome;
    FeedInPieces(*pipeline, stream, size, [&](const StreamBatch& batch) { Take(batch, &outcome); });
    outcome.facts = pipeline->facts;
    outcome.usage = pipeline->usage();
    return outcome;
  }

  static void Take(const StreamBatch& batch, Outcome* outcome) {
    for (const std::string_view piece : batch.pieces) outcome->text += piece;
    outcome->done = batch.done;
    outcome->error = batch.error;
  }

  const std::unique_ptr<providers::Registry> registry_ = providers::Registry::BuiltIn();
  std::unique_ptr<Operations> operations_;
};

TEST_F(MappedStreamTest, SaysTheSameHoweverItIsCut) {
  const Outcome whole = Run(kStream, 0);
  EXPECT_TRUE(whole.done);
  EXPECT_TRUE(whole.text.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(whole.facts.finish_reason, "tool_calls");
  EXPECT_EQ(whole.usage.input, 3);
  EXPECT_EQ(whole.usage.output, 9);
  for (const size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{64}})
    EXPECT_EQ(Run(kStream, size).text, whole.text);
}

TEST_F(MappedStreamTest, EveryLineIsDataOrEmptyThoughVerbatimValuesHoldLineEnds) {
  const std::string text = Run(kStream, 0).text;
  ASSERT_NE(text.find("\"input\":{ }"), std::string::npos) << text;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    EXPECT_TRUE(line.empty() || line.starts_with("data: ")) << line;
    begin = end + 1;
  }
}

size_t CountOf(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST_F(MappedStreamTest, EachSignOfLifeIsAComment) {
  const std::string whole = Run(kStream, 0).text;
  const size_t first_end = kStream.find("\n\n") + 2;
  for (const std::string sign :
       {"event: ping\ndata: {\"type\":\"ping\"}\n\n", "data: {\"type\":\"ping\"}\n\n", ": keep-alive\n\n",
        "event: ping\ndata: not JSON\n\n", "event: ping\n\n", ":\r\n\r\n"}) {
    std::string stream(kStream.substr(0, first_end));
    stream += sign + sign;
    stream += kStream.substr(first_end);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{7}}) {
      std::string text = Run(stream, size).text;
      EXPECT_EQ(CountOf(text, kPingComment), 2u) << sign << size;
      for (size_t at; (at = text.find(kPingComment)) != std::string::npos;)
        text.erase(at, kPingComment.size());
      EXPECT_EQ(text, whole) << sign << size;
    }
  }
}

TEST_F(MappedStreamTest, TokensOfAStreamThatBreaksOrIsLeftAreKnown) {
  const std::pair<size_t, int64_t> cuts[] = {{kStream.find("content_block_start"), 1},
                                             {kStream.size() - 3, 9}};
  for (const auto& [cut, output] : cuts) {
    const Outcome outcome = Run(kStream.substr(0, cut), 0);
    EXPECT_TRUE(outcome.error);
    EXPECT_EQ(outcome.usage.input, 3);
    EXPECT_EQ(outcome.usage.output, output);
  }
}

TEST_F(MappedStreamTest, ACutStreamIsAnErrorAtEveryByte) {
  // With its stop reason the message is whole; half an event behind it is a cut all the same.
  const size_t finished = kStream.find("\n\n", kStream.find("stop_reason"));
  const size_t stop = kStream.rfind("data: ");
  const size_t stopped = kStream.rfind('}') + 1;
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    const Outcome outcome = Run(kStream.substr(0, cut), 0);
    if ((cut >= finished && cut <= stop) || cut >= stopped) {
      EXPECT_FALSE(outcome.error) << "cut at " << cut;
      EXPECT_TRUE(outcome.text.ends_with("data: [DONE]\n\n")) << "cut at " << cut;
      continue;
    }
    ASSERT_TRUE(outcome.error) << "cut at " << cut;
    EXPECT_TRUE(outcome.error->transport);
    EXPECT_FALSE(outcome.done);
    EXPECT_EQ(outcome.text.find("[DONE]"), std::string::npos);
  }
}

}  // namespace
}  // namespace portolan::core
