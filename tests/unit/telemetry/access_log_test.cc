#include "server/telemetry/access_log.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "server/telemetry/logger.h"
#include "tests/support/eventually.h"
#include "tests/unit/telemetry/log_file.h"

namespace portolan::telemetry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Milliseconds since 1970.
std::chrono::system_clock::time_point At(int64_t millis) {
  return std::chrono::system_clock::time_point(milliseconds(millis));
}

std::vector<json> WriteCalls(const std::vector<CallRecord>& calls, LogLevel threshold = LogLevel::kInfo) {
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(), .patience = test::kPatience});
    const LogThreshold in_force(threshold);
    AccessLog log(writer.ring(0), in_force);
    for (const CallRecord& call : calls) log.Write(call, At(1'795'386'902'123));
  }
  return file.Lines();
}

CallRecord FullCall(const Error* error) {
  CallRecord call;
  call.request_id = "0123";
  call.trace_id = "trace-1";
  call.door = Door::kGrpc;
  call.route = "/v1/chat/completions";
  call.method = "portolan.v1.ChatService/StreamChatCompletion";
  call.peer = "127.0.0.1:50712";
  call.status = 502;
  call.grpc_status = 14;
  call.provider = "openai";
  call.model = "gpt-4o";
  call.target = "https://api.openai.com";
  call.stream = true;
  call.attempts = 3;
  call.resends = 1;
  call.reshaped = "stream";
  call.upstream_status = 200;
  call.upstream_request_id = "req_1";
  call.error = error;
  call.finish = "stop";
  call.bytes_in = 100;
  call.bytes_out = 18'446'744'073'709'551'615u;
  call.tokens = {.input = 4, .output = 3, .cached = 2, .reasoning = 1};
  call.duration = std::chrono::nanoseconds(1'234'567'890);
  call.upstream = std::chrono::nanoseconds(999);
  call.time_to_first_token = milliseconds(50);
  return call;
}

TEST(AccessLog, WritesEveryMemberOfACall) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.code = "upstream_reset";
  error.message = "a message that quotes the prompt";
  const std::vector<json> lines = WriteCalls({FullCall(&error)});
  ASSERT_EQ(lines.size(), 1u);
  const json expected = json::parse(R"({
      "ts": "2026-11-22T22:35:02.123Z", "level": "warn", "msg": "call", "request_id": "0123", "trace_id": "trace-1",
      "door": "grpc", "route": "/v1/chat/completions", "method": "portolan.v1.ChatService/StreamChatCompletion",
      "peer": "127.0.0.1:50712", "status": 502, "grpc_status": 14, "provider": "openai", "model": "gpt-4o",
      "target": "https://api.openai.com", "stream": true, "attempts": 3, "resends": 1, "reshaped": "stream", "upstream_status": 200,
      "upstream_request_id": "req_1", "error_class": "provider", "error_code": "upstream_reset", "finish": "stop",
      "bytes_in": 100, "bytes_out": 18446744073709551615, "tokens_input": 4, "tokens_output": 3, "tokens_cached": 2,
      "tokens_reasoning": 1, "duration_ms": 1234.567, "upstream_ms": 0.0, "ttft_ms": 50.0})");
  EXPECT_EQ(lines[0], expected) << json::diff(expected, lines[0]);
}

TEST(AccessLog, LeavesOutWhatIsNotKnown) {
  CallRecord call;
  call.status = 404;
  const std::vector<json> lines = WriteCalls({call});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            json::parse(R"({"ts":"2026-11-22T22:35:02.123Z","level":"info","msg":"call","status":404,
                                      "door":"http","bytes_in":0,"bytes_out":0})"));
}

TEST(AccessLog, NeverHoldsTheMessageOfAnError) {
  Error error;
  error.message = "You said: my secret prompt";
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(), .patience = test::kPatience});
    const LogThreshold info(LogLevel::kInfo);
    AccessLog log(writer.ring(0), info);
    log.Write(FullCall(&error));
  }
  EXPECT_EQ(file.Text().find("secret prompt"), std::string::npos);
}

TEST(AccessLog, LevelTellsWhoWasAtFaultAndTheThresholdHolds) {
  Error gateway;
  Error provider;
  provider.error_class = ErrorClass::kProvider;
  Error caller;
  caller.error_class = ErrorClass::kCaller;
  Error policy;
  policy.error_class = ErrorClass::kPolicy;
  const std::vector<CallRecord> calls = {FullCall(&gateway), FullCall(&provider), FullCall(&caller),
                                         FullCall(&policy), FullCall(nullptr)};
  const std::vector<json> all = WriteCalls(calls, LogLevel::kInfo);
  ASSERT_EQ(all.size(), 5u);
  const std::vector<std::string> levels = {"error", "warn", "info", "info", "info"};
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i]["level"], levels[i]) << i;
  EXPECT_EQ(WriteCalls(calls, LogLevel::kWarn).size(), 2u);
  EXPECT_EQ(WriteCalls(calls, LogLevel::kError).size(), 1u);
}

// What a value is after the log has had it: cut at a bound, bad bytes replaced. json::parse is the judge of
// validity.
TEST(AccessLog, ValuesAreEscapedBoundedAndValidUtf8) {
  std::string all_ascii;
  for (char c = 1; c != 0x7F; ++c) all_ascii.push_back(c);
  all_ascii.push_back('\0');
  const std::string replacement = "\xEF\xBF\xBD";
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xC3\xBC";
  struct Case {
    std::string value;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"plain", "plain"},
      {"quote\" and \\ in a longer text, twice: \" \\", "quote\" and \\ in a longer text, twice: \" \\"},
      {all_ascii, all_ascii},
      {"\r\n{\"level\":\"error\"}\r\n", "\r\n{\"level\":\"error\"}\r\n"},
      {"\xF0\x9F\x98\x80 \xE2\x82\xAC", "\xF0\x9F\x98\x80 \xE2\x82\xAC"},
      {"bad \xC0\xAF overlong", "bad " + replacement + replacement + " overlong"},
      {"surrogate \xED\xA0\x80", "surrogate " + replacement + replacement + replacement},
      {"cut \xE2\x82", "cut " + replacement + replacement},
      {std::string(256, 'x'), std::string(256, 'x')},
      {std::string(257, 'x'), std::string(256, 'x') + "\u2026"},
      {"a" + umlauts, "a" + umlauts.substr(0, 254) + "\u2026"},
      {std::string(256, '\x01'), std::string(256, '\x01')},
  };
  for (const Case& c : cases) {
    CallRecord call;
    call.model = c.value;
    const std::vector<json> lines = WriteCalls({call});
    ASSERT_EQ(lines.size(), 1u) << c.value;
    EXPECT_EQ(lines[0]["model"], c.expected);
  }
}

// Every position, among plain text, of a byte that needs care.
TEST(AccessLog, EscapesAtEveryOffset) {
  for (const char special : {'"', '\\', '\n', '\x1F', '\0', '\x80', '\x9F', '\xA0', '\xFF'}) {
    for (size_t offset = 0; offset < 24; ++offset) {
      std::string value(24, 'a');
      value[offset] = special;
      CallRecord call;
      call.model = value;
      const std::vector<json> lines = WriteCalls({call});
      ASSERT_EQ(lines.size(), 1u);
      ASSERT_TRUE(lines[0].is_object()) << offset;
      if ((special & 0x80) != 0) value.replace(offset, 1, "\xEF\xBF\xBD");
      EXPECT_EQ(lines[0]["model"], value) << offset;
    }
  }
}

TEST(AccessLog, ALineIsWholeEvenIfEveryValueIsAtItsWorst) {
  const std::string worst(1000, '\x01');
  Error error;
  error.code = worst;
  CallRecord call = FullCall(&error);
  for (std::string_view CallRecord::* member :
       {&CallRecord::request_id, &CallRecord::trace_id, &CallRecord::route, &CallRecord::method,
        &CallRecord::peer, &CallRecord::provider, &CallRecord::model, &CallRecord::target,
        &CallRecord::upstream_request_id, &CallRecord::finish}) {
    call.*member = worst;
  }
  const std::vector<json> lines = WriteCalls({call, call});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["status"], 502);
}

// Whatever the bytes are, a line is valid JSON; valid UTF-8 comes back as it was.
TEST(AccessLog, TakesAnyBytes) {
  std::mt19937 random(1);
  const std::string_view kPieces[] = {
      "a", "\"", "\\", "\n", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\x7F", "plain words "};
  std::vector<CallRecord> calls(2000);
  std::vector<std::string> values(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    const size_t pieces = random() % 12;
    for (size_t k = 0; k < pieces; ++k) {
      if (i % 2 == 0) {
        values[i] += kPieces[random() % std::size(kPieces)];
      } else {
        values[i].push_back(static_cast<char>(random()));
      }
    }
    calls[i].model = values[i];
  }
  const std::vector<json> lines = WriteCalls(calls);
  ASSERT_EQ(lines.size(), calls.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    ASSERT_TRUE(lines[i].is_object()) << i;
    if (i % 2 == 1) continue;
    EXPECT_EQ(lines[i].value("model", ""), values[i]);
  }
}

TEST(JsonLine, IsValidAtEverySizeOfItsBuffer) {
  const std::string timestamp = "2026-11-22T22:35:02.123Z";
  for (size_t size = 128; size < 400; ++size) {
    std::vector<char> buffer(size);
    JsonLine line(buffer, timestamp, LogLevel::kInfo);
    line.Text("msg", "\x01\x02 text with \xE2\x82\xAC and \"quotes\"");
    line.Integer("integer", INT64_MIN);
    line.Real("real", -1.7976931348623157e308);
    line.Millis("millis", std::chrono::nanoseconds(INT64_MAX));
    line.Bool("bool", false);
    line.Text("long", std::string(300, 'y'));
    const std::string text(line.Finish());
    ASSERT_LE(text.size(), size);
    ASSERT_TRUE(json::accept(text)) << text;
  }
}

// Instants from the calendar (date -u), not from this code.
TEST(Timestamp, IsRfc3339InUtcWithMilliseconds) {
  const std::vector<std::pair<int64_t, std::string>> cases = {
      {0, "1970-01-01T00:00:00.000Z"},
      {951'782'399'999, "2000-02-28T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {1'709'251'199'001, "2024-02-29T23:59:59.001Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
  };
  TimestampFormatter one_for_all;
  for (const auto& [millis, expected] : cases) {
    char text[TimestampFormatter::kLength];
    one_for_all.Format(At(millis), text);
    EXPECT_EQ(std::string(text, sizeof text), expected);
  }
}

TEST(Logger, WritesFieldsOfEveryKindAndKeepsItsThreshold) {
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(), .patience = test::kPatience});
    const LogThreshold warn(LogLevel::kWarn);
    Logger logger(writer, warn);
    logger.Log(LogLevel::kWarn, "listening",
               {{"address", "127.0.0.1:8787"},
                {"shards", 4},
                {"size", size_t{5}},
                {"ok", true},
                {"ratio", 0.5},
                {"nothing", std::string_view()}},
               At(0));
    logger.Info("not written");
    logger.Debug("not written");
    logger.Error("broken \"thing\"");
  }
  const std::vector<json> lines = file.Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], json::parse(R"({"ts":"1970-01-01T00:00:00.000Z","level":"warn","msg":"listening",
      "address":"127.0.0.1:8787","shards":4,"size":5,"ok":true,"ratio":0.5,"nothing":""})"));
  EXPECT_EQ(lines[1]["level"], "error");
  EXPECT_EQ(lines[1]["msg"], "broken \"thing\"");
}

TEST(LogLevel, NamesGoBothWays) {
  for (const LogLevel level : {LogLevel::kError, LogLevel::kWarn, LogLevel::kInfo, LogLevel::kDebug}) {
    EXPECT_EQ(ParseLogLevel(ToString(level)), level);
  }
  EXPECT_EQ(ParseLogLevel("INFO"), std::nullopt);
}

TEST(AccessLog, SaysWhichTimeLimitRanOut) {
  Error error;
  error.code = "target_timeout";
  error.limit = TimeLimit{"request_timeout", "route", milliseconds(1500)};
  const std::vector<json> lines = WriteCalls({FullCall(&error)});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["limit"], "request_timeout");
  EXPECT_EQ(lines[0]["limit_owner"], "route");
  EXPECT_EQ(lines[0]["limit_ms"], 1500);
}

TEST(AccessLog, WritesTheStepsOfACall) {
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(), .patience = test::kPatience});
    LogThreshold threshold(LogLevel::kInfo);
    AccessLog log(writer.ring(0), threshold);
    EXPECT_FALSE(log.TellsSteps());
    threshold.Set(LogLevel::kDebug);
    EXPECT_TRUE(log.TellsSteps());
    JsonLine line = log.BeginStep("0123", "wait", At(1'795'386'902'123));
    line.Integer("wait_ms", 750);
    log.EndStep(&line);
  }
  ASSERT_EQ(file.Lines().size(), 1u);
  EXPECT_EQ(file.Lines()[0], json::parse(R"({"ts":"2026-11-22T22:35:02.123Z","level":"debug","msg":"wait",)"
                                         R"("request_id":"0123","wait_ms":750})"));
}

TEST(AccessLog, WritesWhatGuardrailsTellLater) {
  LogFile file;
  {
    LogWriter writer({.fd = file.fd(), .patience = test::kPatience});
    LogThreshold threshold(LogLevel::kWarn);
    AccessLog log(writer.ring(0), threshold);
    log.WriteGuardrail("0123", "output:failed request/default.webhook", "", At(1'795'386'902'123));
    threshold.Set(LogLevel::kInfo);
    log.WriteGuardrail("0123", "output:failed request/default.webhook", "", At(1'795'386'902'123));
    log.WriteGuardrail("4567", "", R"({"value":1})", At(1'795'386'902'123));
  }
  ASSERT_EQ(file.Lines().size(), 2u);
  EXPECT_EQ(file.Lines()[0],
            json::parse(R"({"ts":"2026-11-22T22:35:02.123Z","level":"info","msg":"guardrail",)"
                        R"("request_id":"0123","guardrails":"output:failed request/default.webhook"})"));
  EXPECT_EQ(file.Lines()[1]["feedback"], R"({"value":1})");
}

// docs/configuration.md lists the members of a line.
TEST(AccessLogDocumentation, NamesEveryMember) {
  std::ifstream file("docs/configuration.md");
  ASSERT_TRUE(file) << "run from the project's root";
  std::stringstream text;
  text << file.rdbuf();
  Error error;
  error.code = "code";
  error.limit = TimeLimit{"grpc-timeout", "caller", milliseconds(5)};
  const std::vector<json> lines = WriteCalls({FullCall(&error)});
  ASSERT_EQ(lines.size(), 1u);
  for (const auto& [key, value] : lines[0].items()) {
    EXPECT_NE(text.str().find("| `" + key + "` |"), std::string::npos) << key << " is not documented";
  }
}

}  // namespace
}  // namespace portolan::telemetry
