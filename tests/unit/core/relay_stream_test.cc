#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "providers/registry.h"
#include "server/core/operations.h"
#include "server/core/stream_pipeline.h"
#include "tests/unit/core/feed.h"

namespace portolan::core {
namespace {

constexpr std::string_view kRole =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
constexpr std::string_view kText = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
constexpr std::string_view kFinish =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n";
constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

struct Outcome {
  std::string text;
  std::vector<std::string> contents;  // of typed chunks
  bool done = false;
  std::optional<Error> error;
  StreamFacts facts;
  TokenUsage usage;
};

class RelayStreamTest : public testing::Test {
 protected:
  RelayStreamTest() {
    auto operations = Operations::Build(providers::BuiltInCatalog().dialects);
    EXPECT_TRUE(operations.ok()) << operations.status();
    operations_ = *std::move(operations);
    target_.provider = registry_->Find("openai");
    target_.dialect = target_.provider->dialect;
  }

  Outcome Run(std::string_view stream, size_t size, bool typed, bool hide_usage = false) {
    const OperationSpec& chat = *operations_->all().front();
    const auto pipeline = NewRelayStream(chat, target_, typed, hide_usage);
    Outcome outcome;
    FeedInPieces(*pipeline, stream, size, [&](const StreamBatch& batch) { Take(batch, &outcome); });
    outcome.facts = pipeline->facts;
    outcome.usage = pipeline->usage();
    return outcome;
  }

  static void Take(const StreamBatch& batch, Outcome* outcome) {
    for (const std::string_view piece : batch.pieces) outcome->text += piece;
    for (const std::string_view wire : batch.messages) {
      v1::ChatCompletionChunk chunk;
      ASSERT_TRUE(chunk.ParseFromArray(wire.data(), static_cast<int>(wire.size())));
      outcome->contents.push_back(chunk.choices_size() > 0 ? chunk.choices(0).delta().content() : "");
    }
    outcome->done = batch.done;
    outcome->error = batch.error;
  }

  std::string Join(std::vector<std::string_view> parts) {
    std::string all;
    for (const std::string_view part : parts) all += part;
    return all;
  }

  const std::unique_ptr<providers::Registry> registry_ = providers::Registry::BuiltIn();
  std::unique_ptr<Operations> operations_;
  providers::Target target_;
};

constexpr size_t kSizes[] = {1, 2, 3, 7, 64, 0};

TEST_F(RelayStreamTest, RelaysEveryByteOfAWholeStreamHoweverItIsCut) {
  const std::string stream = Join({": comment\n\n", kRole, kText, "\n", kFinish, kUsage, kDone});
  for (const size_t size : kSizes) {
    const Outcome outcome = Run(stream, size, false);
    EXPECT_EQ(outcome.text, stream) << size;
    EXPECT_TRUE(outcome.done);
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(outcome.usage.input, 3);
    EXPECT_EQ(outcome.usage.output, 4);
    EXPECT_EQ(outcome.facts.finish_reason, "stop");
    EXPECT_TRUE(outcome.facts.content_seen);
  }
}

TEST_F(RelayStreamTest, AByteOrderMarkIsSkipped) {
  const std::string stream = Join({kRole, kText, kFinish, kDone});
  for (const size_t size : kSizes) EXPECT_EQ(Run("\xEF\xBB\xBF" + stream, size, false).text, stream) << size;
}

TEST_F(RelayStreamTest, DropsWhatFollowsTheEndMarker) {
  const std::string stream = Join({kText, kFinish, kDone});
  const Outcome outcome = Run(stream + "data: {\"late\":1}\n\n", 0, false);
  EXPECT_EQ(outcome.text, stream);
  EXPECT_TRUE(outcome.done);
}

TEST_F(RelayStreamTest, AppendsAMissingEndMarkerWhenEveryChoiceHasFinished) {
  const std::string stream = Join({kText, kFinish});
  for (const size_t size : kSizes) {
    const Outcome outcome = Run(stream, size, false);
    EXPECT_TRUE(outcome.done);
    EXPECT_EQ(outcome.text, stream + std::string(kDone));
  }
}

TEST_F(RelayStreamTest, ACutStreamIsAnErrorAtEveryByte) {
  const std::string stream = Join({kRole, kText, kFinish});
  // The last event counts as soon as its data is whole.
  const size_t whole = stream.rfind('}') + 1;
  for (size_t cut = 0; cut < whole; ++cut) {
    for (const bool typed : {false, true}) {
      const Outcome outcome = Run(std::string_view(stream).substr(0, cut), 0, typed);
      ASSERT_TRUE(outcome.error) << "cut at " << cut;
      EXPECT_EQ(outcome.error->http_status, 502);
      EXPECT_FALSE(outcome.done);
      EXPECT_EQ(outcome.text.find("[DONE]"), std::string::npos);
    }
  }
}

TEST_F(RelayStreamTest, TakesALastEventWithoutItsBlankLineIfItIsWhole) {
  const std::string finish(kFinish.substr(0, kFinish.size() - 4));
  for (const size_t size : kSizes) {
    for (const std::string end : {"data: [DONE]", "data: [DONE]\n", "data:[DONE]\r"}) {
      const Outcome outcome = Run(Join({kText, kFinish, end}), size, false);
      EXPECT_TRUE(outcome.done);
      EXPECT_EQ(outcome.text.find("error"), std::string::npos) << outcome.text;
      EXPECT_EQ(outcome.text.substr(0, kText.size() + kFinish.size() + end.size()),
                Join({kText, kFinish, end}));
    }
    const Outcome outcome = Run(Join({kText, finish}), size, false);
    EXPECT_EQ(outcome.text, Join({kText, finish, "\n\n", kDone}));
    EXPECT_EQ(Run(Join({kText, finish}), size, true).contents.size(), 2u);
    EXPECT_TRUE(Run(Join({kText, kFinish, "data: [DO"}), size, false).error);
    EXPECT_TRUE(Run(Join({kText, kFinish, "data: {\"usage\":{"}), size, false).error);
    EXPECT_TRUE(Run(Join({kText, "data: [DONE"}), size, true).error);
  }
}

TEST_F(RelayStreamTest, AnEndMarkerWithCrLfIsRelayedWholeHoweverItIsCut) {
  const std::string stream = Join({kText, kFinish, "data: [DONE]\r\n\r\n"});
  for (const size_t size : kSizes) EXPECT_EQ(Run(stream, size, false).text, stream) << size;
}

// The official SDKs end at data that begins with `[DONE]`, so the marker leaves without the blanks.
TEST_F(RelayStreamTest, BlanksAroundTheEndMarkerDoNotCount) {
  const std::vector<std::string> markers = {"data: [DONE] \n\n", "data:   [DONE]\n\n",
                                            "data:\t[DONE] \t\r\n\r\n", "event: done\ndata:  [DONE]\n\n"};
  for (const size_t size : kSizes) {
    for (const std::string& marker : markers) {
      const Outcome outcome = Run(Join({kText, kFinish, marker, "data: late\n\n"}), size, false);
      EXPECT_TRUE(outcome.done) << marker;
      EXPECT_EQ(outcome.text, Join({kText, kFinish, kDone})) << marker;
      const Outcome typed = Run(Join({kText, kFinish, marker}), size, true);
      EXPECT_TRUE(typed.done && !typed.error) << marker;
    }
    // Without its blank line.
    EXPECT_EQ(Run(Join({kText, kFinish, "data: [DONE]  "}), size, false).text, Join({kText, kFinish, kDone}));
  }
}

TEST_F(RelayStreamTest, NothingButAnEndMarkerIsAFailureOfTheTransport) {
  for (const std::string_view before : {"", ": comment\n\n", "event: ping\ndata: {}\n\n", "\n\n"}) {
    for (const std::string_view marker : {"data: [DONE]\n\n", "data: [DONE] \n\n", "data: [DONE]"}) {
      for (const bool typed : {false, true}) {
        const Outcome outcome = Run(Join({before, marker}), 0, typed);
        ASSERT_TRUE(outcome.error) << before << marker;
        EXPECT_TRUE(outcome.error->transport);
        EXPECT_EQ(outcome.error->code, "upstream_empty_answer");
        EXPECT_EQ(outcome.text.find("[DONE]"), std::string::npos);
      }
    }
  }
}

TEST_F(RelayStreamTest, PingsBecomeComments) {
  for (const std::string ping : {"event: ping\ndata: {\"type\":\"ping\"}\n\n", "event: ping\ndata: hello\n\n",
                                 "event:ping\n\n", "event: ping\ndata: {\"choices\":[]}\n\n"}) {
    for (const size_t size : kSizes) {
      const Outcome outcome = Run(Join({kRole, ping, kText, ping, ping, kFinish, kDone}), size, false);
      EXPECT_EQ(outcome.text, Join({kRole, kPingComment, kText, kPingComment, kPingComment, kFinish, kDone}))
          << ping << size;
      EXPECT_FALSE(outcome.error);
      EXPECT_EQ(Run(Join({kRole, ping, kText, kFinish, kDone}), size, true).contents.size(), 3u);
    }
  }
}

TEST_F(RelayStreamTest, UsageThatTheCallerHasNotAskedForIsCountedAndTakenOut) {
  constexpr std::string_view kBoth =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":3,"
      "\"completion_tokens\":1}}\n\n";
  constexpr std::string_view kNull = "data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n";
  constexpr std::string_view kBare = "data: {\"id\":\"c\",\"usage\":{\"completion_tokens\":4}}\n\n";
  for (const size_t size : kSizes) {
    for (const std::string_view usage : {kUsage, kBare}) {
      const Outcome outcome = Run(Join({kNull, kRole, kBoth, kFinish, usage, kDone}), size, false, true);
      EXPECT_EQ(outcome.text, Join({kNull, kRole, kBoth, kFinish, kDone})) << size;
      EXPECT_EQ(outcome.usage.input, 3);
      EXPECT_EQ(outcome.usage.output, 4);
      EXPECT_TRUE(outcome.done);
      EXPECT_EQ(Run(Join({kText, kFinish, usage, kDone}), size, true, true).contents,
                (std::vector<std::string>{"hi", ""}));
    }
  }
}

TEST_F(RelayStreamTest, TokensOfAStreamThatBreaksAreKnown) {
  const Outcome outcome = Run(Join({kText, kUsage, "data: {\"choi"}), 0, false);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.usage.input, 3);
  EXPECT_EQ(outcome.usage.output, 4);
}

TEST_F(RelayStreamTest, WaitsForEveryChoice) {
  const Outcome outcome =
      Run("data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"},{\"index\":1,\"delta\":{}}]}\n\n", 0,
          false);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, "upstream_truncated");
}

TEST_F(RelayStreamTest, RefusesEventsThatAreNotObjects) {
  for (const std::string bad : {"data: hello\n\n", "data: [1]\n\n", "data: {\"a\":\n\n"}) {
    const Outcome outcome = Run(std::string(kText) + bad + std::string(kDone), 0, false);
    ASSERT_TRUE(outcome.error) << bad;
    EXPECT_EQ(outcome.text, kText);
  }
}

TEST_F(RelayStreamTest, PassesAProvidersErrorEventAndEndsAsTheProviderDoes) {
  const std::string stream =
      Join({kText, "data: {\"error\":{\"message\":\"overloaded\",\"code\":\"busy\"}}\n\n"});
  const Outcome relayed = Run(stream, 0, false);
  EXPECT_EQ(relayed.text, stream);
  EXPECT_FALSE(relayed.error);
  ASSERT_TRUE(relayed.facts.passed_error);
  EXPECT_EQ(relayed.facts.passed_error->code, "busy");

  const Outcome typed = Run(stream, 0, true);
  ASSERT_TRUE(typed.error);
  EXPECT_EQ(typed.error->message, "overloaded");
  EXPECT_EQ(typed.error->error_class, ErrorClass::kProvider);
}

TEST_F(RelayStreamTest, DecodesEventsForTypedCallers) {
  const std::string stream = Join({kRole, kText, kFinish, kUsage, kDone});
  for (const size_t size : kSizes) {
    const Outcome outcome = Run(stream, size, true);
    EXPECT_TRUE(outcome.done);
    EXPECT_EQ(outcome.contents, (std::vector<std::string>{"", "hi", "", ""}));
    EXPECT_EQ(outcome.text, "");
  }
}

}  // namespace
}  // namespace portolan::core
