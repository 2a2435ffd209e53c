// How long the codec takes for one chat request, small and large. Run alone on a quiet machine:
//
//   cmake --preset release && ninja -C build/release codec_bench && build/release/tests/bench/codec_bench

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/arena.h"
#include "portolan/v1/chat_request.pb.h"
#include "server/codec/codec.h"
#include "server/codec/json_reader.h"
#include "server/codec/splice.h"

namespace portolan::codec {
namespace {

using Request = portolan::v1::ChatCompletionRequest;

constexpr std::string_view kSmall =
    R"({"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant that answers in one)"
    R"( short paragraph. If you do not know, say so, and never invent a source."},{"role":"user","content":"What is the)"
    R"( tallest mountain in Europe, and how does its height compare with that of the tallest mountain on Earth?\n)"
    R"(Please give both in metres."},{"role":"assistant","content":"Mount Elbrus in the Caucasus, at 5,642 m; Mount )"
    R"(Everest stands at 8,849 m."},{"role":"user","content":"And the second tallest?"}],"temperature":0.7,"top_p":0.95,)"
    R"("max_tokens":512,"seed":1234567,"stop":["\n\n","END"],"stream":false,"user":"user-7f3a9c","n":1,)"
    R"("presence_penalty":0.0,"frequency_penalty":0.25})";

constexpr std::string_view kTools =
    R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":[{"type":"text","text":"Is it raining in Oslo?"}]}],)"
    R"("tools":[{"type":"function","function":{"name":"get_weather","description":"Current weather","parameters":)"
    R"({"type":"object","properties":{"city":{"type":"string","description":"A city"},"unit":{"type":"string","enum":)"
    R"(["celsius","fahrenheit"]}},"required":["city"],"additionalProperties":false},"strict":true}}],)"
    R"("tool_choice":"auto","metadata":{"team":"a","trace":"b"},"a_member_of_tomorrow":{"x":[1,2,3]}})";

std::string Large() {
  const std::string paragraph =
      "The quick brown fox jumps over the lazy dog, and then it does so again because benchmarks need long "
      "text. "
      "Zw\u00f6lf Boxk\u00e4mpfer jagen Viktor quer \u00fcber den gro\u00dfen Sylter Deich.\\n";
  std::string json = R"({"model":"gpt-4o-mini","temperature":0.5,"messages":[)";
  while (json.size() < (1U << 20)) {
    if (json.back() == '}') json.push_back(',');
    json.append(R"({"role":"user","content":")");
    for (int i = 0; i < 300; ++i) json.append(paragraph);
    json.append("\"}");
  }
  json.append("]}");
  return json;
}

// The best of several rounds: what the machine does otherwise only ever adds.
template <typename Work>
double NanosecondsEach(int iterations, Work work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e18;
  for (int round = 0; round < 15; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < iterations; ++i) work();
    const std::chrono::duration<double, std::nano> took = Clock::now() - start;
    best = std::min(best, took.count() / iterations);
  }
  return best;
}

void Require(bool good, const DecodeError& error) {
  if (good) return;
  std::fprintf(stderr, "%s\n", error.ToString().c_str());
  std::abort();
}

void Measure(const char* name, std::string_view json, int iterations, const MessagePlan& plan) {
  DecodeError error;
  Request message;
  Require(Decode(plan, json, {}, &message, &error), error);
  std::vector<MemberSpan> spans;
  DecodeOptions with_spans;
  with_spans.spans = &spans;

  std::printf("%s, %zu bytes\n", name, json.size());
  const auto report = [&](const char* what, double ns) {
    std::printf("  %-28s %10.0f ns  %6.2f GB/s\n", what, ns, static_cast<double>(json.size()) / ns);
  };
  report("validate (reader, skip)", NanosecondsEach(iterations, [&] {
           if (!IsJson(json)) std::abort();
         }));
  report("decode, check only", NanosecondsEach(iterations, [&] {
           Require(Decode(plan, json, with_spans, nullptr, &error), error);
         }));
  report("decode, heap", NanosecondsEach(iterations, [&] {
           Request out;
           Require(Decode(plan, json, {}, &out, &error), error);
         }));
  std::vector<char> block(64 << 10);
  report("decode, arena", NanosecondsEach(iterations, [&] {
           google::protobuf::Arena arena(block.data(), block.size());
           auto* out = google::protobuf::Arena::CreateMessage<Request>(&arena);
           Require(Decode(plan, json, {}, out, &error), error);
         }));
  std::string text;
  report("encode", NanosecondsEach(iterations, [&] {
           text.clear();
           Encode(plan, message, {}, &text);
         }));
  report("check verbatim",
         NanosecondsEach(iterations, [&] { Require(CheckVerbatim(plan, message, {}, &error), error); }));
  const std::vector<Edit> edits = {{Edit::Kind::kSet, "model", "\"other\""},
                                   {Edit::Kind::kRemove, "user", ""}};
  GatherList pieces;
  report("splice two edits", NanosecondsEach(iterations, [&] {
           pieces.clear();
           Splice(json, spans, edits, plan, &pieces);
         }));
}

}  // namespace
}  // namespace portolan::codec

int main() {
  using namespace portolan::codec;
  const google::protobuf::Descriptor* roots[] = {Request::descriptor()};
  auto codec = Codec::Compile(roots);
  if (!codec.ok()) return 1;
  const MessagePlan& plan = *(*codec)->Find(Request::descriptor());
  Measure("small chat request", kSmall, 20000, plan);
  Measure("chat request with a tool", kTools, 20000, plan);
  Measure("large chat request", Large(), 50, plan);
}
