// Guardrails and mutators: src/middlewares/hooks and src/handlers/handlerUtils.ts of Portkey's gateway.

#include "tests/compatibility/case.h"
#include "tests/support/script.h"

namespace portolan::compatibility {
namespace {

constexpr char kForbids[] = R"("default.contains":{"words":["swordfish"],"operator":"none"})";
constexpr char kSwordfish[] = R"({"model":"m","messages":[{"role":"user","content":"swordfish"}]})";
constexpr char kEarlier[] =
    R"({"model":"m","messages":[{"role":"user","content":"swordfish"},{"role":"user","content":"hi"}]})";

test::Script Says(const std::string& text) {
  return test::RespondJson(
      200, R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
           R"({"role":"assistant","content":")" +
               text + R"("},"finish_reason":"stop"}]})");
}

test::Script Streams(const std::string& text) {
  return test::Respond(
      200,
      R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
      R"("delta":{"role":"assistant","content":")" +
          text +
          "\"},\"finish_reason\":null}]}\n\n"
          R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
          "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
      {{"content-type", "text/event-stream"}});
}

std::string Input(const std::string& members) { return R"(,"input_guardrails":[{)" + members + "}]"; }
std::string Output(const std::string& members) { return R"(,"output_guardrails":[{)" + members + "}]"; }
const std::string kDenies = std::string(kForbids) + R"(,"deny":true)";

std::vector<Case> VerdictCases(const std::string& group) {
  return {
      {.group = group,
       .what = "a request fails, with `deny`",
       .portkey = "446, `hook_results`; nobody is called",
       .calls = {{.headers = Config(AtUpstream(Input(kDenies))),
                  .body = kSwordfish,
                  .calls = 0,
                  .status = 446,
                  .says = {{"/error/type", R"("hooks_failed")"},
                           {"/hook_results/before_request_hooks/0/verdict", "false"}}}}},
      {.group = group,
       .what = "a request fails, without `deny`",
       .portkey = "246; the answer with `hook_results`",
       .calls = {{.headers = Config(AtUpstream(Input(kForbids))),
                  .body = kSwordfish,
                  .answers = {Says("fine")},
                  .status = 246,
                  .says = {{"/choices/0/message/content", R"("fine")"},
                           {"/hook_results/before_request_hooks/0/verdict", "false"}}}}},
      {.group = group,
       .what = "an answer fails, with `deny`",
       .portkey = "446; the answer is not told",
       .calls = {{.headers = Config(AtUpstream(Output(kDenies))),
                  .answers = {Says("a swordfish")},
                  .status = 446,
                  .says = {{"/hook_results/after_request_hooks/0/verdict", "false"}}}}},
      {.group = group,
       .what = "all pass",
       .portkey = "200 with `hook_results`",
       .calls = {{.headers = Config(AtUpstream(Output(kDenies))),
                  .answers = {Says("fine")},
                  .says = {{"/hook_results/after_request_hooks/0/verdict", "true"},
                           {"/hook_results/before_request_hooks", "[]"}}}}},
      {.group = group,
       .what = "446 without a list of statuses; 246 without a list; 246 in `on_status_codes`",
       .portkey = "falls back; does not; does",
       .calls = {{.headers = Config(R"({"strategy":{"mode":"fallback"},"targets":[)" +
                                    AtUpstream(Output(kDenies)) + "," + AtUpstream() + "]}"),
                  .answers = {Says("swordfish"), Says("fine")},
                  .calls = 2,
                  .says = {{"/choices/0/message/content", R"("fine")"}}},
                 {.headers = Config(R"({"strategy":{"mode":"fallback"},"targets":[)" +
                                    AtUpstream(Output(kForbids)) + "," + AtUpstream() + "]}"),
                  .answers = {Says("swordfish"), Says("fine")},
                  .status = 246},
                 {.headers = Config(R"({"strategy":{"mode":"fallback","on_status_codes":[246]},"targets":[)" +
                                    AtUpstream(Output(kForbids)) + "," + AtUpstream() + "]}"),
                  .answers = {Says("swordfish"), Says("fine")},
                  .calls = 2}}},
      {.group = group,
       .what = "446 in `retry.on_status_codes`, of an answer",
       .portkey = "the provider is called again",
       .calls = {{.headers = Config(AtUpstream(
                      Output(kDenies) + R"(,"retry":{"attempts":1,"on_status_codes":[446],"base_ms":0})")),
                  .answers = {Says("swordfish"), Says("fine")},
                  .calls = 2}}},
      {.group = group,
       .what = "a provider's status that is not 200",
       .portkey = "answers are not looked at",
       .calls = {{.headers = Config(AtUpstream(Output(kDenies))),
                  .answers = {test::RespondJson(400, R"({"error":{"message":"swordfish"}})")},
                  .status = 400}}},
      {.group = group,
       .what = "`on_fail`, `on_success` with feedback",
       .portkey = "in the results, with the checks that passed, failed and erred",
       .portolan = "and in the log",
       .calls = {{.headers = Config(AtUpstream(
                      Input(std::string(kForbids) + R"(,"on_fail":{"feedback":{"value":-5,"weight":1}})"))),
                  .body = kSwordfish,
                  .answers = {Says("fine")},
                  .status = 246,
                  .says = {{"/hook_results/before_request_hooks/0/feedback/value", "-5"},
                           {"/hook_results/before_request_hooks/0/feedback/metadata/failedChecks",
                            R"("default.contains")"}}}}},
  };
}

std::vector<Case> MistakeCases(const std::string& group) {
  const auto refused = [](const std::string& list) {
    return std::vector<Call>{{.headers = Config(AtUpstream(R"(,"input_guardrails":)" + list)),
                              .calls = 0,
                              .status = 400,
                              .says = {{"/error/code", R"("invalid_config")"}}}};
  };
  return {
      {.group = group,
       .what = "a check that there is not; a parameter that is missing or wrong; a pattern that is none",
       .portkey = "passes in silence",
       .verdict = Verdict::kFixed,
       .portolan = "400 with the path, before anybody is called",
       .calls = refused(R"([{"default.nonesuch":{}}])")},
      {.group = group,
       .what = "a name in the list (`[\"pg-1\"]`)",
       .portkey = "passes in silence",
       .verdict = Verdict::kFixed,
       .portolan = "a guardrail of the config file; one that it does not have is 400",
       .calls = refused(R"(["pg-1"])")},
      {.group = group,
       .what = "a partner's check (`portkey.pii`, `aporia.…`)",
       .portkey = "calls the partner's service",
       .verdict = Verdict::kRefused,
       .portolan = "400",
       .calls = refused(R"([{"portkey.pii":{}}])")},
      {.group = group,
       .what = "a hook without `type`",
       .portkey = "never runs",
       .verdict = Verdict::kFixed,
       .portolan = "is a guardrail",
       .calls = {{.headers = Config(AtUpstream(
                      R"(,"before_request_hooks":[{"deny":true,"checks":[{"id":"default.contains",)"
                      R"("parameters":{"words":["swordfish"],"operator":"none"}}]}])")),
                  .body = kSwordfish,
                  .calls = 0,
                  .status = 446}}},
      {.group = group,
       .what = "a check that cannot tell (token ids in place of text)",
       .portkey = "passes, unless it says `failOnError`",
       .verdict = Verdict::kFixed,
       .portolan = "fails, unless it says `failOnError: false`",
       .calls = {{.path = "/v1/embeddings",
                  .headers = Config(AtUpstream(Input(kDenies))),
                  .body = R"({"model":"m","input":[1,2]})",
                  .calls = 0,
                  .status = 446,
                  .says = {{"/error/code", R"("guardrail_error")"}}}}},
      {.group = group,
       .what = "`async`",
       .portkey = "never runs",
       .verdict = Verdict::kFixed,
       .portolan = "runs when the call is over, for the log and the metrics; `deny` beside it is named in "
                   "`x-portkey-ignored`",
       .calls = {{.headers = Config(AtUpstream(Input(kDenies + R"(,"async":true)"))),
                  .body = kSwordfish,
                  .answers = {Says("fine")},
                  .answer_headers = {{"x-portkey-ignored", "input_guardrails[0].deny"}}}}},
  };
}

std::vector<Case> SightCases(const std::string& group) {
  const std::string redacts = R"([{"default.regexReplace":{"rule":"sword","redactText":"[X]"}}])";
  return {
      {.group = group,
       .what = "what is looked at",
       .portkey = "the last message, the first choice",
       .verdict = Verdict::kFixed,
       .portolan = "what forbids or changes looks at everything that is said, what demands at what Portkey "
                   "looks at and at every choice",
       .calls =
           {{.headers = Config(AtUpstream(Input(kDenies))), .body = kEarlier, .calls = 0, .status = 446}}},
      {.group = group,
       .what = "several that change",
       .portkey = "all at once; the last change undoes the others",
       .verdict = Verdict::kFixed,
       .portolan = "in the order of the list; what one has changed is what the next sees",
       .calls = {{.headers = Config(AtUpstream(
                      R"(,"input_mutators":[{"default.regexReplace":{"rule":"sword","redactText":"a"}},)"
                      R"({"default.regexReplace":{"rule":"fish","redactText":"b"}}])")),
                  .body = kSwordfish,
                  .answers = {Says("fine")},
                  .upstream_gets = {{"/messages/0/content", R"("ab")"}}}}},
      {.group = group,
       .what = "the next target of a fallback",
       .portkey = "may see what was changed for the first",
       .verdict = Verdict::kFixed,
       .portolan = "sees the request as it came",
       .calls = {{.headers =
                      Config(R"({"strategy":{"mode":"fallback"},"targets":[)" +
                             AtUpstream(R"(,"input_mutators":)" + redacts) + "," + AtUpstream() + "]}"),
                  .body = kSwordfish,
                  .answers = {test::RespondJson(500, "{}"), Says("fine")},
                  .calls = 2,
                  .upstream_gets = {{"/messages/0/content", R"("swordfish")"}}}}},
      {.group = group,
       .what = "mutators, on embeddings",
       .portkey = "change nothing",
       .verdict = Verdict::kFixed,
       .portolan = "change the inputs",
       .calls = {{.path = "/v1/embeddings",
                  .headers = Config(AtUpstream(R"(,"input_mutators":)" + redacts)),
                  .body = R"({"model":"m","input":"swordfish"})",
                  .answers = {GoodEmbedding()},
                  .upstream_gets = {{"/input", R"("[X]fish")"}}}}},
      {.group = group,
       .what = "responses, and whatever is relayed",
       .portkey = "is not looked at",
       .verdict = Verdict::kFixed,
       .portolan = "is one text, if it is JSON or text",
       .calls = {{.path = "/v1/responses",
                  .headers = Config(AtUpstream(Input(kDenies))),
                  .body = R"({"model":"m","input":"swordfish"})",
                  .calls = 0,
                  .status = 446}}},
      {.group = group,
       .what = "an answer in a stream, with `deny`",
       .portkey = "passes whatever it says",
       .verdict = Verdict::kFixed,
       .portolan = "446 if nothing has left, else an error event; no part of what is forbidden leaves",
       .calls = {{.headers = Config(AtUpstream(Output(kDenies))),
                  .body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})",
                  .answers = {Streams("a swordfish")},
                  .status = 446}}},
      {.group = group,
       .what = "a child's mutator, under a parent's guardrails",
       .portkey = "drops them",
       .verdict = Verdict::kFixed,
       .portolan = "guardrails and mutators of requests and of answers are inherited each by themselves",
       .calls = {{.headers =
                      Config(R"({"strategy":{"mode":"single"},"input_guardrails":[{)" + kDenies +
                             R"(}],"targets":[)" + AtUpstream(R"(,"input_mutators":)" + redacts) + "]}"),
                  .body = kSwordfish,
                  .calls = 0,
                  .status = 446}}},
  };
}

// Checks of the network, which the upstream answers here too.
std::vector<Case> NetworkCases(const std::string& group) {
  const auto hook = [](const std::string& url) {
    return R"("default.webhook":{"webhookURL":")" + url + R"("},"deny":true)";
  };
  const std::string urls = R"("default.validUrls":{},"deny":true)";
  return {
      {.group = group,
       .what = "`default.webhook`",
       .portkey = "posts what is asked or answered; `verdict` of the answer",
       .calls = {{.headers = Config(AtUpstream(Input(hook("UPSTREAM/hook")))),
                  .answers = {test::RespondJson(200, R"({"verdict":false,"data":{"why":1}})")},
                  .status = 446,
                  .says = {{"/hook_results/before_request_hooks/0/checks/0/data/responseData/why", "1"}},
                  .upstream_gets = {{"/request/json/model", R"("m")"},
                                    {"/request/text", R"("hi")"},
                                    {"/response/statusCode", "null"},
                                    {"/eventType", R"("beforeRequestHook")"},
                                    {"/requestType", R"("chatComplete")"}}},
                 {.headers = Config(AtUpstream(Input(hook("UPSTREAM/hook")))),
                  .answers = {test::RespondJson(200, R"({"verdict":true})"), Says("fine")},
                  .calls = 2}}},
      {.group = group,
       .what = "its `transformedData`",
       .portkey = "takes the place of the request, or of the answer",
       .portolan = "but for `model`, `stream` and `stream_options`",
       .calls = {{.headers = Config(AtUpstream(Input(hook("UPSTREAM/hook")))),
                  .answers = {test::RespondJson(200,
                                                R"({"verdict":true,"transformedData":{"request":{"json":)"
                                                R"({"model":"x","messages":[{"role":"user",)"
                                                R"("content":"HI"}]}}}})"),
                              Says("fine")},
                  .calls = 2,
                  .upstream_gets = {{"/messages/0/content", R"("HI")"}, {"/model", R"("m")"}}}}},
      {.group = group,
       .what = "a webhook that does not answer, or not with a `verdict` that is a boolean",
       .portkey = "passes, unless it says `failOnError`",
       .verdict = Verdict::kFixed,
       .portolan = "fails, unless it says `failOnError: false`",
       .calls = {{.headers = Config(AtUpstream(Input(hook("REFUSED/hook")))),
                  .calls = 0,
                  .status = 446,
                  .says = {{"/error/code", R"("guardrail_error")"}}},
                 {.headers = Config(AtUpstream(Input(hook("UPSTREAM/hook")))),
                  .answers = {test::RespondJson(200, R"({"verdict":"yes"})")},
                  .status = 446,
                  .says = {{"/error/code", R"("guardrail_error")"}}}}},
      {.group = group,
       .what = "`webhookURL`, `logURL`, `jwksUri` and URLs in texts that lead to inner addresses; redirects",
       .portkey = "are asked; are followed",
       .verdict = Verdict::kFixed,
       .portolan = "are not, unless callers may name them as a custom host; are not",
       .calls = {{.headers = Config(AtUpstream(Input(hook("http://169.254.169.254/hook")))),
                  .calls = 0,
                  .status = 446,
                  .says = {{"/error/code", R"("guardrail_error")"}}},
                 {.headers = Config(AtUpstream(Input(hook("UPSTREAM/hook")))),
                  .answers = {test::Respond(302, "", {{"location", "/other"}})},
                  .status = 446}}},
      {.group = group,
       .what = "`default.jwt`: a call without the token",
       .portkey = "fails",
       .calls = {{.headers = Config(AtUpstream(Input(
                      R"("default.jwt":{"jwksUri":"UPSTREAM/keys","headerKey":"x-token"},"deny":true)"))),
                  .calls = 0,
                  .status = 446,
                  .says = {{"/error/code", R"("guardrail_denied")"}}}}},
      {.group = group,
       .what = "`default.validUrls`: a text with URLs; one without",
       .portkey = "passes if each answers; passes",
       .verdict = Verdict::kFixed,
       .portolan = "the same; fails",
       .calls = {{.headers = Config(AtUpstream(Output(urls))), .answers = {Says("no URL")}, .status = 446}}},
  };
}

}  // namespace

std::vector<Case> GuardrailCases() {
  const std::string group = "Guardrails";
  std::vector<Case> all = VerdictCases(group);
  for (const auto& cases : {MistakeCases(group), SightCases(group), NetworkCases(group)}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace portolan::compatibility
