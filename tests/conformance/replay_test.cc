// Every recorded exchange in the gateway's own dialect goes through the whole gateway, and comes out at both
// ends as it went in.

#include "tests/conformance/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/conformance/replayed_by.h"
#include "tests/conformance/ways.h"
#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using test::Difference;
using test::JsonNode;
using ::testing::HasSubstr;

// What a caller sends for a recording; nullopt for those that are of no operation of the gateway's dialect,
// which other tests replay (replayed_by.h).
std::optional<Sent> AsSent(const Replay& replay) {
  const std::optional<Endpoint> endpoint = EndpointOf(replay);
  if (!endpoint) return std::nullopt;
  Sent sent;
  sent.endpoint = *endpoint;
  sent.body = replay.request;
  const auto request = test::ParseJson(replay.request);
  const JsonNode* stream = request ? request->Find("stream") : nullptr;
  sent.stream = stream != nullptr && stream->kind == JsonNode::Kind::kTrue;
  if (sent.endpoint == Endpoint::kGetModel) sent.model = replay.path.substr(replay.path.find("/models/") + 8);
  return sent;
}

bool HasError(const std::string& event) {
  const auto root = test::ParseJson(event);
  const JsonNode* error = root ? root->Find("error") : nullptr;
  return error != nullptr && error->kind != JsonNode::Kind::kNull;
}

bool AllFinished(const std::vector<std::string>& events) {
  std::map<std::string, bool> finished;
  for (const std::string& event : events) {
    const auto root = test::ParseJson(event);
    const JsonNode* choices = root ? root->Find("choices") : nullptr;
    if (choices == nullptr) continue;
    for (const JsonNode& choice : choices->items) {
      const JsonNode* index = choice.Find("index");
      const JsonNode* reason = choice.Find("finish_reason");
      finished[index == nullptr ? "0" : index->text] |=
          reason != nullptr && reason->kind == JsonNode::Kind::kString;
    }
  }
  return !finished.empty() &&
         std::all_of(finished.begin(), finished.end(), [](const auto& f) { return f.second; });
}

// A stream as the caller is to get it: as it came, with the end marker where the provider left it out of a
// whole answer.
std::string ExpectedStream(const Replay& replay) {
  const auto events = EventData(replay.response);
  if (!events.empty() && (events.back() == "[DONE]" || HasError(events.back()))) return replay.response;
  EXPECT_TRUE(AllFinished(events)) << "a recorded stream that is not whole";
  return replay.response + "data: [DONE]\n\n";
}

bool IsOpenAiError(const std::string& body) {
  const auto root = test::ParseJson(body);
  const JsonNode* message = root ? root->At("error", "message") : nullptr;
  return message != nullptr && message->kind == JsonNode::Kind::kString;
}

// What the provider says of an error in a shape that is not OpenAI's, piece by piece; nothing for markup.
std::vector<std::string> ProvidersWords(const std::string& body) {
  const auto root = test::ParseJson(body);
  if (!root) return body.starts_with("<") ? std::vector<std::string>() : std::vector<std::string>{body};
  std::vector<std::string> words;
  for (const char* name : {"message", "detail", "error"}) {
    const JsonNode* said = root->Find(name);
    if (said != nullptr && said->kind == JsonNode::Kind::kString) words.push_back(said->text);
    if (said == nullptr || said->kind != JsonNode::Kind::kArray) continue;
    for (const JsonNode& problem : said->items) words.push_back(problem.Find("msg")->text);
  }
  EXPECT_FALSE(words.empty()) << body;
  return words;
}

void CheckRequest(Way way, const Replay& replay, const Outcome& outcome) {
  ASSERT_TRUE(outcome.reached) << outcome.status << " " << outcome.answer;
  if (replay.request.empty() || way == Way::kSpliced) {
    EXPECT_EQ(outcome.seen, replay.request);
  } else {
    EXPECT_EQ(Difference(replay.request, outcome.seen, &KnownNames()), "");
  }
}

void CheckHeaders(const Replay& replay, const Outcome& outcome) {
  for (const auto& [name, value] : replay.headers) {
    if (!name.starts_with("x-ratelimit-") && !name.starts_with("openai-")) continue;
    EXPECT_THAT(outcome.headers, ::testing::Contains(std::make_pair(name, value)));
  }
}

// The error that a stream begins with, so that it is no stream; empty: it begins well.
std::string ErrorAtOnce(const Replay& replay) {
  if (!replay.streams()) return {};
  const std::vector<std::string> events = EventData(replay.response);
  return !events.empty() && HasError(events.front()) ? events.front() : std::string();
}

void CheckRestAnswer(const Replay& replay, const Outcome& outcome) {
  EXPECT_TRUE(outcome.complete);
  if (const std::string error = ErrorAtOnce(replay); !error.empty()) {
    EXPECT_GE(outcome.status, 400);
    EXPECT_EQ(outcome.answer, error);
    return;
  }
  EXPECT_EQ(outcome.status, replay.status);
  CheckHeaders(replay, outcome);
  if (replay.streams()) {
    EXPECT_EQ(outcome.answer, ExpectedStream(replay));
  } else if (replay.status < 400 || IsOpenAiError(replay.response)) {
    EXPECT_EQ(outcome.answer, replay.response);
  } else {
    ASSERT_TRUE(IsOpenAiError(outcome.answer)) << outcome.answer;
    const std::string message = test::ParseJson(outcome.answer)->At("error", "message")->text;
    for (const std::string& said : ProvidersWords(replay.response)) EXPECT_THAT(message, HasSubstr(said));
    EXPECT_TRUE(test::ParseJson(outcome.answer)->At("error", "portolan") != nullptr) << outcome.answer;
  }
}

// A message cannot be an error: the first one in the stream ends the call, with the error as its status.
void CheckRpcStream(const Replay& replay, const Outcome& outcome) {
  std::vector<std::string> expected = EventData(replay.response);
  if (!expected.empty() && expected.back() == "[DONE]") expected.pop_back();
  const auto error = std::find_if(expected.begin(), expected.end(), HasError);
  if (error != expected.end()) {
    EXPECT_LT(outcome.status, 0) << "a stream with an error ended well";
    expected.erase(error, expected.end());
  } else {
    EXPECT_EQ(outcome.status, 200) << outcome.answer;
  }
  ASSERT_EQ(outcome.events.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(Difference(expected[i], outcome.events[i], &KnownNames()), "") << "event " << i;
  }
}

void CheckRpcAnswer(const Replay& replay, const Outcome& outcome) {
  if (replay.streams()) return CheckRpcStream(replay, outcome);
  if (replay.status < 400) {
    ASSERT_EQ(outcome.status, 200) << outcome.answer;
    EXPECT_EQ(Difference(replay.response, outcome.answer, &KnownNames()), "");
    return;
  }
  EXPECT_LT(outcome.status, 0);
  if (IsOpenAiError(replay.response)) {
    EXPECT_THAT(outcome.answer, HasSubstr(test::ParseJson(replay.response)->At("error", "message")->text));
  } else {
    for (const std::string& said : ProvidersWords(replay.response))
      EXPECT_THAT(outcome.answer, HasSubstr(said));
  }
}

void Report();

class Replaying : public ::testing::TestWithParam<Way> {
 protected:
  static void TearDownTestSuite() { Report(); }

  void Run(const Replay& replay, const Sent& sent, size_t piece) {
    SCOPED_TRACE(replay.label() + " by " + ToString(GetParam()) + ", pieces of " + std::to_string(piece));
    const Outcome outcome = ways_.Call(GetParam(), sent, AnswerOf(replay, piece));
    CheckRequest(GetParam(), replay, outcome);
    respelt_ += outcome.seen != replay.request ? 1 : 0;
    if (GetParam() == Way::kGrpc) {
      CheckRpcAnswer(replay, outcome);
    } else {
      CheckRestAnswer(replay, outcome);
    }
  }

  Ways ways_;
  int respelt_ = 0;  // requests that reached the provider as another text
};

// Of one provider.
struct Count {
  int there = 0;
  std::map<Way, int> kept;  // replayed without a failure
};
using Counts = std::map<std::string, Count>;

Counts& TheCounts() {
  static auto* counts = new Counts;
  return *counts;
}

// One line for each provider: what was kept by every way.
void Report() {
  for (const auto& [provider, count] : TheCounts()) {
    int kept = count.there;
    for (const auto& [way, number] : count.kept) kept = std::min(kept, number);
    if (count.there > 0) {
      std::printf("replayed %s%s: %d of %d\n", provider.c_str(),
                  provider == "openai" ? "" : " in OpenAI's dialect", kept, count.there);
    }
  }
}

int FailuresSoFar() {
  return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
}

TEST_P(Replaying, KeepsEveryExchange) {
  const auto replays = LoadReplays();
  if (!replays) GTEST_SKIP() << "there are no recordings here: set PORTOLAN_RECORDINGS to their folder";
  Counts counts;
  for (const Replay& replay : *replays) {
    Count& count = counts[replay.provider];
    const std::optional<Sent> sent = AsSent(replay);
    if (!sent) {
      EXPECT_NE(replay.endpoint, "chat") << replay.label() << " speaks the hub's dialect";
      continue;
    }
    ++count.there;
    const int failures = FailuresSoFar();
    for (const size_t piece : {size_t{0}, size_t{7}, size_t{1}}) {
      if (piece == 0 || replay.streams()) Run(replay, *sent, piece);
    }
    if (FailuresSoFar() == failures) ++count.kept[GetParam()];
  }
  for (const auto& [provider, count] : counts) {
    if (count.there > 0) {
      EXPECT_EQ(count.kept.count(GetParam()), 1u) << "nothing of " << provider << " was replayed";
    }
    Count& total = TheCounts()[provider];
    total.there = count.there;
    for (const auto& [way, number] : count.kept) total.kept[way] = number;
  }
  EXPECT_GE(counts["openai"].there, 20);
  // Recorded requests differ in layout and order from what an encoder writes: were none respelt, this way
  // would be no other than the first.
  EXPECT_EQ(respelt_ > 0, GetParam() != Way::kSpliced);
}

// Bytes with edits spliced in mean the same as the typed message with the edits applied.
TEST(ReplayingWithEdits, SplicingAndEncodingSayTheSame) {
  const auto replays = LoadReplays();
  if (!replays) GTEST_SKIP() << "there are no recordings here: set PORTOLAN_RECORDINGS to their folder";
  const test::Headers config = {
      {"x-portolan-config",
       R"({"override_params":{"model":"other/model","temperature":0.25,"x_new":{"b":[1.50],"a":null}}})"}};
  Ways ways;
  int ran = 0;
  for (const Replay& replay : *replays) {
    std::optional<Sent> sent = AsSent(replay);
    if (!sent || replay.request.empty()) continue;
    SCOPED_TRACE(replay.label());
    sent->headers = config;
    const Outcome spliced = ways.Call(Way::kSpliced, *sent, AnswerOf(replay, 0));
    ASSERT_TRUE(spliced.reached) << spliced.answer;
    for (const Way way : {Way::kReencoded, Way::kGrpc}) {
      const Outcome encoded = ways.Call(way, *sent, AnswerOf(replay, 0));
      ASSERT_TRUE(encoded.reached) << encoded.answer;
      EXPECT_EQ(Difference(spliced.seen, encoded.seen, &KnownNames()), "") << ToString(way);
    }
    const auto before = test::ParseJson(replay.request);
    const auto after = test::ParseJson(spliced.seen);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->Find("model")->raw, "\"other/model\"");
    EXPECT_EQ(after->Find("temperature")->raw, "0.25");
    for (size_t i = 0; i < before->items.size(); ++i) {
      const std::string& name = before->names[i];
      if (name == "model" || name == "temperature") continue;
      ASSERT_NE(after->Find(name), nullptr) << name;
      EXPECT_EQ(after->Find(name)->raw, before->items[i].raw) << name;
    }
    ++ran;
  }
  EXPECT_GE(ran, 100);
}

std::string ParamName(const ::testing::TestParamInfo<Way>& info) {
  return info.param == Way::kSpliced ? "Spliced" : info.param == Way::kReencoded ? "EncodedAgain" : "Grpc";
}
INSTANTIATE_TEST_SUITE_P(Ways, Replaying, ::testing::ValuesIn(kAllWays), ParamName);

}  // namespace
}  // namespace portolan::conformance
