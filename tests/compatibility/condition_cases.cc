// The `conditional` strategy and its queries.

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

// Two targets; `a` if the query matches, else `b`.
std::string Asking(const std::string& query, const std::string& more = R"(,"default":"b")") {
  return R"({"strategy":{"mode":"conditional","conditions":[{"query":)" + query + R"(,"then":"a"}])" + more +
         R"(},"targets":[{"provider":"echo","name":"b"},{"provider":"echo","name":"a","override_params":{"model":"z"}}]})";
}

constexpr char kMetadata[] = R"({"plan":"paid","age":"42","team":{"name":"core"}})";
constexpr char kParams[] =
    R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}],"stream":false})";

Route Query(const std::string& query, bool matches) {
  return {.config = Asking(query),
          .attempts = matches ? "targets[1]" : "targets[0]",
          .metadata = kMetadata,
          .params = kParams};
}
Route Matches(const std::string& query) { return Query(query, true); }
Route Fails(const std::string& query) { return Query(query, false); }

std::vector<Case> RouterCases(const std::string& group) {
  const std::string nowhere = Asking(R"({"metadata.plan":"free"})", "");
  return {
      {.group = group,
       .what = "`conditions` and `default`",
       .portkey = "the first that matches says by `then` which target, by its `name`; else `default`",
       .routes = {Matches(R"({"metadata.plan":"paid"})"),
                  Fails(R"({"metadata.plan":"free"})"),
                  {.config = R"({"strategy":{"mode":"conditional","conditions":[{"query":{},"then":"b"},)"
                             R"({"query":{},"then":"a"}]},"targets":[{"provider":"echo","name":"a"},)"
                             R"({"provider":"echo","name":"b"}]})",
                   .attempts = "targets[1]"}}},
      {.group = group,
       .what = "nothing matches, and there is no `default`",
       .portkey = "400 on chat, messages and proxy; 500 elsewhere",
       .verdict = Verdict::kFixed,
       .portolan = "400 `no_target` everywhere",
       .routes = {{.config = nowhere, .attempts = "", .metadata = kMetadata},
                  {.config = R"({"strategy":{"mode":"fallback"},"targets":[)" + nowhere +
                             R"(,{"provider":"echo"}]})",
                   .attempts = "",
                   .metadata = kMetadata}},
       .calls = {{.path = "/v1/embeddings",
                  .headers = Config(nowhere),
                  .body = R"({"model":"m","input":"hi"})",
                  .calls = 0,
                  .status = 400,
                  .says = {{"/error/code", R"("no_target")"}}}}},
      {.group = group,
       .what = "no `conditions`; a `then` or `default` that is no target's name; an unknown operator",
       .portkey = "400 on chat, messages and proxy; 500 elsewhere; only when a call comes to it",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_config` everywhere and at once, with the path",
       .refusals = {{R"({"strategy":{"mode":"conditional"},"targets":[{"provider":"echo"}]})",
                     "config.strategy.conditions: must hold at least one"},
                    {R"({"strategy":{"mode":"conditional","conditions":[{"query":{},"then":"x"}]},)"
                     R"("targets":[{"provider":"echo","name":"a"}]})",
                     "config.strategy.conditions[0].then: no target is called \"x\""},
                    {Asking("{}", R"(,"default":"x")"), "config.strategy.default: no target is called \"x\""},
                    {Asking(R"({"metadata.a":{"$like":1}})"),
                     "config.strategy.conditions[0].query: \"$like\" is no operator"}}},
  };
}

std::vector<Case> FieldCases(const std::string& group) {
  Route embedding = Matches(R"({"url.pathname":"/v1/embeddings"})");
  embedding.pathname = "/v1/embeddings";
  Route broken = Fails(R"({"metadata.plan":"paid"})");
  broken.metadata = R"({"plan":"paid")";
  Route absent = Fails(R"({"metadata.plan":"paid"})");
  absent.metadata = "";
  return {
      {.group = group,
       .what = "`metadata.x`, of the header `x-portkey-metadata`",
       .portkey = "a member of the JSON object; a header that holds none is an empty one",
       .routes = {Matches(R"({"metadata.plan":"paid"})"), broken, absent}},
      {.group = group,
       .what = "`params.x`",
       .portkey = "a member of the request's body, before `override_params`",
       .routes = {Matches(R"({"params.model":"m"})"), Fails(R"({"params.model":"z"})")}},
      {.group = group,
       .what = "`url.pathname`",
       .portkey = "the path of the request",
       .routes = {Matches(R"({"url.pathname":"/v1/chat/completions"})"), embedding},
       .calls = {{.method = "GET",
                  .path = "/v1/models/gpt/5",
                  .headers =
                      Config(R"({"strategy":{"mode":"conditional","conditions":[{"query":)"
                             R"({"url.pathname":"/v1/models/gpt/5"},"then":"a"}],"default":"b"},)"
                             R"("targets":[{"provider":"echo","name":"b"},{"provider":"openai","name":"a",)"
                             R"("api_key":"k","custom_host":"UPSTREAM"}]})"),
                  .body = "",
                  .answers = {test::RespondJson(200, R"({"id":"gpt/5","object":"model"})")}}}},
      {.group = group,
       .what = "deeper paths (`metadata.team.name`, `params.messages.0.role`)",
       .portkey = "cut to two parts, so they never match",
       .verdict = Verdict::kFixed,
       .portolan = "followed to any depth, into arrays by number",
       .routes = {Matches(R"({"metadata.team.name":"core"})"),
                  Matches(R"({"params.messages.0.role":"user"})"),
                  Fails(R"({"params.messages.1.role":"user"})")}},
      {.group = group,
       .what = "any other path (`headers.x`)",
       .portkey = "never matches",
       .verdict = Verdict::kRefused,
       .portolan = "the message says what there is",
       .refusals = {{Asking(R"({"headers.x":"1"})"),
                     "must begin with metadata. or params., or be url.pathname"}}},
  };
}

std::vector<Case> OperatorCases(const std::string& group) {
  return {
      {.group = group,
       .what = "a plain value",
       .portkey = "equal in value and type, as JavaScript's `===`",
       .routes = {Matches(R"({"params.max_tokens":100})"), Fails(R"({"params.max_tokens":"100"})"),
                  Matches(R"({"params.stream":false})"), Fails(R"({"metadata.absent":null})")}},
      {.group = group,
       .what = "several members, several operators",
       .portkey = "all must match",
       .routes = {Matches(R"({"metadata.plan":"paid","params.max_tokens":{"$gt":99,"$lt":101}})"),
                  Fails(R"({"metadata.plan":"paid","params.max_tokens":{"$gt":99,"$lt":100}})")}},
      {.group = group,
       .what = "`$eq`, `$ne`, `$in`, `$nin`",
       .portkey = "compare as `===`; what is not there is not equal to anything",
       .routes = {Matches(R"({"metadata.plan":{"$eq":"paid"}})"),
                  Fails(R"({"metadata.plan":{"$ne":"paid"}})"),
                  Matches(R"({"metadata.absent":{"$ne":"paid"}})"),
                  Matches(R"({"metadata.plan":{"$in":["free","paid"]}})"),
                  Fails(R"({"metadata.age":{"$in":[42]}})"), Fails(R"({"metadata.plan":{"$nin":["paid"]}})"),
                  Matches(R"({"metadata.absent":{"$nin":["paid"]}})")}},
      {.group = group,
       .what = "`$gt`, `$gte`, `$lt`, `$lte`",
       .portkey = "both sides are read by `parseFloat`, so `\"42\"` is a number",
       .routes = {Matches(R"({"metadata.age":{"$gt":41}})"),
                  Matches(R"({"metadata.age":{"$gte":"42 years"}})"), Fails(R"({"metadata.age":{"$lt":42}})"),
                  Matches(R"({"metadata.age":{"$lte":42}})"), Fails(R"({"metadata.plan":{"$gt":0}})"),
                  Fails(R"({"metadata.absent":{"$lt":1}})")}},
      {.group = group,
       .what = "`$and`, `$or`",
       .portkey = "of lists of queries, nested at will",
       .routes = {Matches(R"({"$and":[{"metadata.plan":"paid"},{"params.model":"m"}]})"),
                  Fails(R"({"$and":[{"metadata.plan":"paid"},{"params.model":"n"}]})"),
                  Matches(R"({"$or":[{"metadata.plan":"free"},{"$and":[{"params.model":"m"}]}]})"),
                  Fails(R"({"$or":[{"metadata.plan":"free"},{"params.model":"n"}]})")}},
      {.group = group,
       .what = "members beside `$and` and `$or`, operators beside `$regex`",
       .portkey = "ignored if they stand behind it",
       .verdict = Verdict::kFixed,
       .portolan = "honoured",
       .routes = {Fails(R"({"$or":[{"metadata.plan":"paid"}],"params.model":"n"})"),
                  Fails(R"({"$and":[{"metadata.plan":"paid"}],"params.model":"n"})"),
                  Fails(R"({"metadata.plan":{"$regex":"paid","$ne":"paid"}})")}},
      {.group = group,
       .what = "`$not` (of a query, or of operators), `$exists`",
       .portkey = "do not exist",
       .verdict = Verdict::kFixed,
       .portolan = "do",
       .routes = {Fails(R"({"$not":{"metadata.plan":"paid"}})"),
                  Matches(R"({"metadata.age":{"$not":{"$gt":42}}})"),
                  Matches(R"({"metadata.plan":{"$exists":true}})"),
                  Fails(R"({"metadata.absent":{"$exists":true}})")}},
      {.group = group,
       .what = "`$regex`",
       .portkey = "finds the pattern anywhere in the value",
       .routes = {Matches(R"({"metadata.plan":{"$regex":"ai"}})"),
                  Matches(R"({"metadata.plan":{"$regex":"^p.*d$"}})"),
                  Fails(R"({"metadata.plan":{"$regex":"^ai"}})")}},
      {.group = group,
       .what = "a `$regex` that takes for ever",
       .portkey = "holds up every call",
       .verdict = Verdict::kFixed,
       .portolan = "none does: patterns are RE2's, whose time is linear in the text",
       .routes = {{.config = Asking(R"({"metadata.v":{"$regex":"^(a+)+$"}})"),
                   .attempts = "targets[0]",
                   .metadata = R"({"v":")" + std::string(5000, 'a') + R"(b"})"}}},
      {.group = group,
       .what = "a `$regex` that is no pattern",
       .portkey = "never matches",
       .verdict = Verdict::kFixed,
       .portolan = "400 `invalid_config` with the reason",
       .refusals = {{Asking(R"({"metadata.plan":{"$regex":"("}})"), "the pattern of $regex: missing )"}}},
      {.group = group,
       .what = "a `$regex` with look-around or back-references, or of more than 1024 bytes",
       .portkey = "accepted",
       .verdict = Verdict::kRefused,
       .portolan = "RE2 has none of these",
       .refusals = {{Asking(R"q({"metadata.plan":{"$regex":"(?!x)"}})q"),
                     "the pattern of $regex: invalid perl operator"},
                    {Asking(R"({"metadata.plan":{"$regex":"(x)\\1"}})"),
                     "the pattern of $regex: invalid escape"}}},
  };
}

}  // namespace

std::vector<Case> ConditionCases() {
  const std::string group = "`conditional`";
  std::vector<Case> all;
  for (const auto& cases : {RouterCases(group), FieldCases(group), OperatorCases(group)}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace portolan::compatibility
