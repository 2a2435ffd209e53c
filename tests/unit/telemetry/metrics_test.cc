#include "server/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "server/telemetry/exposition.h"
#include "tests/unit/telemetry/exposition_check.h"

namespace portolan::telemetry {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

CallRecord ChatCall(std::string_view provider, std::string_view model, int status = 200) {
  CallRecord call;
  call.route = "/v1/chat/completions";
  call.provider = provider;
  call.model = model;
  call.status = status;
  call.attempts = 1;
  call.upstream_status = status;
  call.tokens = {.input = 10, .output = 5, .cached = 3, .reasoning = 2};
  call.duration = milliseconds(30);
  call.upstream = milliseconds(20);
  return call;
}

ParsedExposition Scrape(const Metrics& metrics) { return ParseExposition(metrics.Render()); }

TEST(ExpositionCheck, FindsWhatTheFormatForbids) {
  const char* const kBad[] = {
      "# TYPE a counter\na 1",                                         // no line feed at the end
      "a 1\n",                                                         // no TYPE
      "# TYPE a counter\na -1\n",                                      // negative counter
      "# TYPE a counter\na{b=\"c\"} 1\na{b=\"c\"} 2\n",                // twice
      "# TYPE a counter\na{b=\"c\n\"} 1\n",                            // raw line feed in a value
      "# TYPE a counter\na{b=\"\\x\"} 1\n",                            // unknown escape
      "# TYPE a counter\na{0b=\"x\"} 1\n",                             // bad label name
      "# TYPE a counter\n# TYPE b counter\na{x=\"1\"} 1\nb 1\na 1\n",  // family in two places
      "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
      "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
  };
  for (const char* text : kBad) EXPECT_NE(ParseExposition(text).problem, "") << text;
  EXPECT_EQ(ParseExposition("# TYPE a counter\na{b=\"\\\\\\n\\\"\"} 1\n").problem, "");
}

TEST(Metrics, AddUpOverShards) {
  Metrics metrics({.shards = 2});
  metrics.shard(0).Record(ChatCall("openai", "gpt-4o"));
  metrics.shard(1).Record(ChatCall("openai", "gpt-4o"));
  metrics.shard(1).Record(ChatCall("anthropic", "claude"));
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  const std::map<std::string, std::string> openai = {{"provider", "openai"}, {"model", "gpt-4o"}};
  EXPECT_EQ(parsed.Value("portolan_requests_total", {{"door", "http"},
                                                     {"route", "/v1/chat/completions"},
                                                     {"provider", "openai"},
                                                     {"model", "gpt-4o"},
                                                     {"status", "200"}}),
            2);
  EXPECT_EQ(parsed.Value("portolan_requests_total", {{"provider", "anthropic"}}), 1);
  EXPECT_EQ(parsed.Value("portolan_upstream_attempts_total", openai), 2);
  const std::map<std::string, int> kinds = {{"input", 20}, {"output", 10}, {"cached", 6}, {"reasoning", 4}};
  for (const auto& [kind, n] : kinds) {
    EXPECT_EQ(
        parsed.Value("portolan_tokens_total", {{"provider", "openai"}, {"model", "gpt-4o"}, {"kind", kind}}),
        n);
  }
  EXPECT_EQ(parsed.Value("portolan_request_seconds_count", {{"door", "http"}}), 3);
  EXPECT_DOUBLE_EQ(parsed.Value("portolan_request_seconds_sum", {{"door", "http"}}), 0.09);
}

TEST(Metrics, WhatWasSentAgainIsAnAttemptAndCountedByItself) {
  Metrics metrics({});
  CallRecord call = ChatCall("openai", "gpt-4o");
  metrics.shard(0).Record(call);
  const std::map<std::string, std::string> labels = {{"provider", "openai"}, {"model", "gpt-4o"}};
  EXPECT_EQ(Scrape(metrics).Value("portolan_upstream_resends_total", labels), -1) << "there were none";
  call.attempts = 3;
  call.resends = 2;
  metrics.shard(0).Record(call);
  EXPECT_EQ(Scrape(metrics).Value("portolan_upstream_resends_total", labels), 2);
  EXPECT_EQ(Scrape(metrics).Value("portolan_upstream_attempts_total", labels), 4);
}

TEST(Metrics, BucketsIncludeTheirUpperBound) {
  Metrics metrics({});
  CallRecord call = ChatCall("openai", "gpt-4o");
  call.stream = true;
  for (const int millis : {0, 100, 101, 600'000, 600'001}) {
    call.time_to_first_token = milliseconds(millis);
    metrics.shard(0).Record(call);
  }
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  const auto bucket = [&](const char* le) {
    return parsed.Value("portolan_time_to_first_token_seconds_bucket", {{"le", le}, {"model", "gpt-4o"}});
  };
  EXPECT_EQ(bucket("0.001"), 1);
  EXPECT_EQ(bucket("0.05"), 1);
  EXPECT_EQ(bucket("0.1"), 2);
  EXPECT_EQ(bucket("0.25"), 3);
  EXPECT_EQ(bucket("600"), 4);
  EXPECT_EQ(bucket("+Inf"), 5);
}

TEST(Metrics, BucketTextAndMillisAgree) {
  for (size_t i = 0; i < kBucketText.size(); ++i) {
    EXPECT_DOUBLE_EQ(std::stod(std::string(kBucketText[i])) * 1000, static_cast<double>(kBucketMillis[i]));
  }
}

TEST(Metrics, UnknownDurationsAreNotObserved) {
  Metrics metrics({});
  CallRecord call = ChatCall("openai", "gpt-4o");
  call.upstream = std::chrono::nanoseconds(-1);
  metrics.shard(0).Record(call);
  EXPECT_THAT(metrics.Render(), ::testing::Not(HasSubstr("portolan_upstream_seconds_count")));
}

TEST(Metrics, ErrorsAreCountedByClassAndCode) {
  Metrics metrics({});
  const auto fail = [&](ErrorClass error_class, const char* code, int upstream_status,
                        const char* type = "") {
    Error error;
    error.type = type;
    error.error_class = error_class;
    error.code = code;
    CallRecord call = ChatCall("openai", "gpt-4o", 502);
    call.error = &error;
    call.upstream_status = upstream_status;
    metrics.shard(0).Record(call);
  };
  fail(ErrorClass::kCaller, "invalid_json", 0);
  fail(ErrorClass::kProvider, "whatever the provider wrote", 429);
  fail(ErrorClass::kProvider, "whatever else", 429);
  fail(ErrorClass::kProvider, "upstream_reset", 0);
  fail(ErrorClass::kProvider, "stream broke", 200);
  fail(ErrorClass::kCaller, "invalid_api_key", 401);
  fail(ErrorClass::kProvider, "odd", 599);
  fail(ErrorClass::kCaller, "a code of the provider's", 200, "authentication_error");
  fail(ErrorClass::kCaller, "request_timeout", 200);
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  const auto errors = [&](const char* error_class, const char* code) {
    return parsed.Value("portolan_errors_total",
                        {{"class", error_class}, {"code", code}, {"provider", "openai"}});
  };
  EXPECT_EQ(errors("caller", "invalid_json"), 1);
  EXPECT_EQ(errors("provider", "http_429"), 2);
  EXPECT_EQ(errors("provider", "upstream_reset"), 1);
  EXPECT_EQ(errors("provider", "in_answer"), 1);
  EXPECT_EQ(errors("caller", "http_401"), 1);
  EXPECT_EQ(errors("provider", "http_5xx"), 1);
  EXPECT_EQ(errors("caller", "in_answer"), 1);
  EXPECT_EQ(errors("caller", "request_timeout"), 1);
}

TEST(Metrics, LabelValuesAreEscapedCutAndCleaned) {
  Metrics metrics({});
  const std::string sequence = "\xE2\x82\xAC";  // €
  std::string long_name(126, 'm');
  long_name += sequence;  // would be split at 128
  for (const std::string& model : {std::string("quo\"te\\back"), std::string("line\nfeed\ttab"),
                                   std::string("bad\xFF utf8"), std::string("euro ") + sequence, long_name}) {
    metrics.shard(0).Record(ChatCall("openai", model));
  }
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  std::set<std::string> models;
  for (const ParsedSample& sample : parsed.samples) {
    if (sample.name == "portolan_requests_total") models.insert(sample.labels.at("model"));
  }
  EXPECT_THAT(models, ::testing::UnorderedElementsAre("quo\"te\\back", "line_feed_tab", "bad_ utf8",
                                                      "euro " + sequence, std::string(126, 'm')));
}

TEST(Metrics, ModelsThatOnlyDifferInUncleanBytesShareASeries) {
  Metrics metrics({});
  metrics.shard(0).Record(ChatCall("openai", "a\x01"));
  metrics.shard(0).Record(ChatCall("openai", "a\x02"));
  metrics.shard(0).Record(ChatCall("openai", "a_"));
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.Value("portolan_requests_total", {{"model", "a_"}}), 3);
}

TEST(Metrics, ModelsBeyondTheLimitAreOther) {
  Metrics metrics({.shards = 2, .max_models = 3});
  for (int i = 0; i < 10; ++i) {
    const std::string model = "model-" + std::to_string(i);
    metrics.shard(static_cast<size_t>(i % 2)).Record(ChatCall("openai", model));
  }
  metrics.shard(1).Record(
      ChatCall("openai", "model-0"));  // known from the other shard, though the table is full
  metrics.shard(1).Record(ChatCall("openai", "other"));
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.Value("portolan_requests_total", {{"model", "model-0"}}), 2);
  EXPECT_EQ(parsed.Value("portolan_requests_total", {{"model", "other"}}), 8);
  std::set<std::string> models;
  for (const ParsedSample& sample : parsed.samples) {
    if (sample.name == "portolan_requests_total") models.insert(sample.labels.at("model"));
  }
  EXPECT_EQ(models.size(), 4u);
}

TEST(Metrics, AModelGetsItsNameWithItsFirstSuccess) {
  Metrics metrics({});
  Error error;
  error.error_class = ErrorClass::kProvider;
  CallRecord failed = ChatCall("openai", "invented", 404);
  failed.error = &error;
  metrics.shard(0).Record(failed);
  EXPECT_EQ(Scrape(metrics).Value("portolan_requests_total", {{"model", "other"}, {"status", "404"}}), 1);
  metrics.shard(0).Record(ChatCall("openai", "invented"));
  metrics.shard(0).Record(failed);
  EXPECT_EQ(Scrape(metrics).Value("portolan_requests_total", {{"model", "invented"}, {"status", "404"}}), 1);
}

TEST(Metrics, SeriesAreBounded) {
  Metrics metrics({.shards = 1, .max_models = 200});
  // 100 providers times 200 models: far more than one shard keeps apart.
  for (int provider = 0; provider < 100; ++provider) {
    for (int model = 0; model < 200; ++model) {
      metrics.shard(0).Record(ChatCall("p" + std::to_string(provider), "m" + std::to_string(model)));
    }
  }
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  size_t series = 0;
  double calls = 0;
  for (const ParsedSample& sample : parsed.samples) {
    if (sample.name != "portolan_requests_total") continue;
    ++series;
    calls += sample.value;
  }
  EXPECT_LE(series, 2200u);
  EXPECT_EQ(calls, 20'000);
}

TEST(Metrics, StatusesWithoutALabelAreCountedByTheirHundred) {
  const std::map<int, std::string> kCases = {{200, "200"}, {446, "446"},  {529, "529"},   {418, "4xx"},
                                             {101, "1xx"}, {599, "5xx"},  {302, "3xx"},   {226, "2xx"},
                                             {0, "other"}, {-5, "other"}, {600, "other"}, {1 << 30, "other"}};
  for (const auto& [status, label] : kCases) EXPECT_EQ(StatusLabel(StatusSlot(status)), label) << status;
}

TEST(Metrics, GaugesGoUpAndDown) {
  Metrics metrics({.shards = 2});
  metrics.shard(0).ConnectionOpened(Door::kHttp);
  metrics.shard(1).ConnectionOpened(Door::kHttp);
  metrics.shard(1).ConnectionClosed(Door::kHttp);
  metrics.shard(0).CallStarted(Door::kGrpc);
  metrics.shard(1).StreamOpened();
  metrics.shard(1).StreamOpened();
  metrics.shard(1).StreamClosed();
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.Value("portolan_open_connections", {{"door", "http"}}), 1);
  EXPECT_EQ(parsed.Value("portolan_connections_total", {{"door", "http"}}), 2);
  EXPECT_EQ(parsed.Value("portolan_open_calls", {{"door", "grpc"}}), 1);
  EXPECT_EQ(parsed.Value("portolan_open_streams", {}), 1);
}

TEST(Metrics, ValuesOfOtherPartsAreRead) {
  Metrics metrics({});
  metrics.AddValue("portolan_log_lines_dropped_total", "Lines.", "counter", [] { return 7.0; });
  EXPECT_EQ(Scrape(metrics).Value("portolan_log_lines_dropped_total", {}), 7);
}

TEST(Metrics, TellAboutTheProcess) {
  Metrics metrics({});
  const ParsedExposition parsed = Scrape(metrics);
  ASSERT_EQ(parsed.problem, "");
  EXPECT_GT(parsed.Value("process_resident_memory_bytes", {}), 1e6);
  EXPECT_GE(parsed.Value("process_cpu_seconds_total", {}), 0);
  EXPECT_GE(parsed.Value("process_threads", {}), 1);
  EXPECT_EQ(parsed.Value("portolan_build_info", {{"version", PORTOLAN_VERSION}}), 1);
  const auto now = static_cast<double>(std::time(nullptr));
  // However long the tests before this one took.
  EXPECT_LE(parsed.Value("process_start_time_seconds", {}), now + 1);
  EXPECT_GT(parsed.Value("process_start_time_seconds", {}), now - 86'400);
  // The folder itself is open while it is counted, here as there.
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}) - 1;
  EXPECT_EQ(parsed.Value("process_open_fds", {}), static_cast<double>(open));
}

TEST(Metrics, MayBeReadWhileShardsCount) {
  Metrics metrics({.shards = 2, .max_models = 50});
  std::vector<std::thread> threads;
  for (size_t shard = 0; shard < 2; ++shard) {
    threads.emplace_back([&metrics, shard] {
      for (int i = 0; i < 2000; ++i) {
        const std::string model = "model-" + std::to_string(i % 100);
        metrics.shard(shard).Record(ChatCall("openai", model));
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Scrape(metrics).problem, "");
  for (std::thread& thread : threads) thread.join();
  double calls = 0;
  for (const ParsedSample& sample : Scrape(metrics).samples) {
    if (sample.name == "portolan_requests_total") calls += sample.value;
  }
  EXPECT_EQ(calls, 4000);
}

TEST(Metrics, TheContentTypeIsTheFormatsOwn) {
  EXPECT_TRUE(Exposition::kContentType.starts_with("text/plain; version=0.0.4"));
}

// docs/metrics.md lists every family, and no other.
TEST(MetricsDocumentation, NamesEveryMetric) {
  std::ifstream file("docs/metrics.md");
  ASSERT_TRUE(file) << "run from the project's root";
  std::stringstream text;
  text << file.rdbuf();
  const std::string documentation = text.str();
  const ParsedExposition parsed = Scrape(Metrics({}));
  for (const auto& [name, type] : parsed.types) {
    EXPECT_THAT(documentation, HasSubstr("`" + name)) << "docs/metrics.md does not tell of it";
  }
  for (size_t at = 0; (at = documentation.find("`portolan_", at)) != std::string::npos; ++at) {
    const size_t end = documentation.find_first_of("`{", at + 1);
    const std::string name = documentation.substr(at + 1, end - at - 1);
    // The gateway adds these; its own tests look for them.
    const bool added_outside = name == "portolan_log_lines_dropped_total" ||
                               name.starts_with("portolan_config_") ||
                               name.starts_with("portolan_held_bytes");
    EXPECT_TRUE(added_outside || parsed.types.contains(name)) << name << " is documented but does not exist";
  }
}

}  // namespace
}  // namespace portolan::telemetry
