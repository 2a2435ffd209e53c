#include "server/core/header_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "server/routing/forward_headers.h"

namespace portolan::core {
namespace {

struct HeaderCase {
  std::string_view name;
  bool up;    // from the caller to the provider
  bool down;  // from the provider to the caller
};

// What docs/headers.md says of both ways, and what stands near it.
TEST(HeaderTable, LetsThroughWhatItNamesAndNothingElse) {
  const HeaderCase cases[] = {
      {"idempotency-key", true, false},
      {"traceparent", true, false},
      {"tracestate", true, false},
      {"x-client-request-id", true, false},

      {"openai-organization", false, true},
      {"openai-processing-ms", false, true},
      {"anthropic-ratelimit-requests-remaining", false, true},
      {"anthropic-organization-id", false, true},
      {"x-ratelimit-remaining-tokens", false, true},
      {"ratelimit-policy", false, true},
      {"retry-after", false, true},
      {"retry-after-ms", false, true},
      {"x-should-retry", false, true},

      // Credentials and cookies.
      {"authorization", false, false},
      {"x-api-key", false, false},
      {"proxy-authorization", false, false},
      {"cookie", false, false},
      {"set-cookie", false, false},
      // The gateway's own, and its ids.
      {"x-portolan-provider", false, false},
      {"x-portkey-config", false, false},
      {"x-request-id", false, false},
      {"request-id", false, false},
      // What frames a message.
      {"connection", false, false},
      {"content-encoding", false, false},
      {"content-length", false, false},
      {"content-type", false, false},
      {"host", false, false},
      {"transfer-encoding", false, false},
      // Who stands between.
      {"forwarded", false, false},
      {"server", false, false},
      {"via", false, false},
      {"x-forwarded-for", false, false},
      {"user-agent", false, false},

      {"", false, false},
      {"idempotency", false, false},
      {"idempotency-key2", false, false},
      {"traceparent-", false, false},
      {"baggage", false, false},
      {"openai", false, false},
      {"anthropic", false, false},
      {"my-openai-organization", false, false},
      {"x-ratelimit", false, false},
      {"retry", false, false},
  };
  for (const HeaderCase& c : cases) {
    EXPECT_EQ(PassesUpstream(c.name), c.up) << c.name;
    EXPECT_EQ(PassesDownstream(c.name), c.down) << c.name;
    // Else a caller's value would stand beside the key.
    if (c.up) EXPECT_FALSE(routing::MayHoldKey(c.name)) << c.name;
  }
}

// Of calls that are relayed, besides.
TEST(HeaderTable, RelaysWhatTellsOfBodies) {
  const HeaderCase cases[] = {
      {"accept", true, false},
      {"content-type", true, false},  // its way down is not by the table
      {"content-encoding", true, true},
      {"range", true, false},
      {"if-range", true, false},
      {"if-match", true, false},
      {"if-none-match", true, false},
      {"if-modified-since", true, false},
      {"if-unmodified-since", true, false},
      {"accept-ranges", false, true},
      {"cache-control", false, true},
      {"content-disposition", false, true},
      {"content-language", false, true},
      {"content-range", false, true},
      {"etag", false, true},
      {"last-modified", false, true},
      {"location", false, true},
      {"accept-encoding", false, false},
      {"authorization", false, false},
      {"connection", false, false},
      {"content-length", false, false},
      {"cookie", false, false},
      {"expect", false, false},
      {"server", false, false},
      {"set-cookie", false, false},
      {"te", false, false},
      {"transfer-encoding", false, false},
      {"upgrade", false, false},
      {"x-forwarded-for", false, false},
      {"", false, false},
  };
  for (const HeaderCase& c : cases) {
    EXPECT_EQ(RelaysUpstream(c.name), c.up) << c.name;
    if (c.up) EXPECT_FALSE(routing::MayHoldKey(c.name)) << c.name;
    EXPECT_EQ(RelaysDownstream(c.name), c.down) << c.name;
  }
}

TEST(HeaderTable, KnowsTheProvidersRequestId) {
  for (const char* name : {"x-request-id", "request-id", "x-amzn-requestid"})
    EXPECT_TRUE(IsUpstreamRequestId(name)) << name;
  for (const char* name : {"", "x-client-request-id", "x-request-ids", "request", "x-portolan-request-id"}) {
    EXPECT_FALSE(IsUpstreamRequestId(name)) << name;
  }
}

// RFC 9110, section 7.6.1: Connection is a list, its options are compared without case, and several fields of
// one name are one list.
TEST(HeaderTable, KnowsWhatIsForTheNextHopAlone) {
  struct Hop {
    std::vector<HeaderView> headers;
    std::string_view name;
    bool hop_by_hop;
  };
  const Hop cases[] = {
      {{}, "traceparent", false},
      {{{"connection", "traceparent"}}, "traceparent", true},
      {{{"connection", "close, TraceParent"}}, "traceparent", true},
      {{{"connection", "\ttraceparent \t,close"}}, "traceparent", true},
      {{{"connection", ",, ,traceparent,"}}, "traceparent", true},
      {{{"connection", "close"}, {"accept", "x"}, {"connection", "traceparent"}}, "traceparent", true},
      {{{"connection", "close"}}, "traceparent", false},
      {{{"connection", ""}}, "traceparent", false},
      {{{"connection", "traceparents, trace, parent, trace parent"}}, "traceparent", false},
      {{{"connection", "traceparent;q=1"}}, "traceparent", false},
      {{{"proxy-connection", "traceparent"}}, "traceparent", false},
      {{{"x-connection", "traceparent"}}, "traceparent", false},
  };
  for (const Hop& c : cases) {
    EXPECT_EQ(IsHopByHop(c.headers, c.name), c.hop_by_hop)
        << (c.headers.empty() ? "" : c.headers.front().value);
  }
}

}  // namespace
}  // namespace portolan::core
