#include "server/middleware/webhook/webhook.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "server/guardrails/question.h"
#include "server/guardrails/request_type.h"
#include "server/guardrails/webhook.h"
#include "server/middleware/no_stream.h"
#include "server/middleware/webhook/said_text.h"

namespace portolan::middleware {
namespace {

guardrails::Said Told(std::string_view json) {
  guardrails::Said said;
  said.json = json;
  if (!json.empty()) said.text = SaidText(json);
  return said;
}

class Webhook final : public Service {
 public:
  Webhook(const Settings& settings, upstream::Client& client) : settings_(settings), client_(client) {
    std::string ignored;  // it was checked when it was read
    (void)upstream::ParseRequestUrl(settings.webhook, &origin_, &target_, &ignored);
    if (settings.hooks) {
      wants_.hooks = *settings.hooks;
    } else {
      wants_.hooks.Add(Hook::kRequest);
      wants_.hooks.Add(Hook::kResponse);
    }
    wants_.form = BodyForm::kJson;
    wants_.read_only = settings.read_only.value_or(false);
    wants_.request = true;
  }

  const Wants* wants() const override { return &wants_; }
  net::Task<std::string> Learn(net::Wait /*wait*/) override { co_return std::string(); }

  net::Task<Outcome> Ask(const Event& event, net::Wait wait) override {
    const bool answer = event.hook == Hook::kResponse;
    std::string body = BodyOf(event, answer);
    std::string failure;
    std::string text = co_await Post(std::move(body), wait, &failure);
    if (!failure.empty()) co_return Outcome{std::nullopt, std::move(failure)};
    std::optional<guardrails::WebhookAnswer> said = guardrails::ReadWebhookAnswer(text, &failure);
    if (!said) co_return Outcome{std::nullopt, std::move(failure)};
    Verdict verdict;
    std::optional<std::string>& replacement = answer ? said->response : said->request;
    if (!said->verdict) {
      verdict.action = Verdict::Action::kDeny;
    } else if (replacement) {
      verdict.action = Verdict::Action::kReplace;
      verdict.body.json = *std::move(replacement);
    }
    co_return Outcome{std::move(verdict), {}};
  }

  std::unique_ptr<ChunkStream> Open(const CallInfo& /*call*/, int /*status*/,
                                    std::function<void()> /*on_news*/) override {
    return std::make_unique<NoStream>();
  }
  net::Task<std::string> Tell(const EndEvent& /*event*/, net::Wait /*wait*/) override {
    co_return std::string("a webhook is not told of ends");
  }

 private:
  static std::string BodyOf(const Event& event, bool answer) {
    guardrails::Subject subject;
    subject.is_answer = answer;
    const std::string_view json = event.body.json.value_or(std::string_view());
    subject.request = Told(answer ? event.request_json : json);
    if (answer) subject.response = Told(json);
    subject.is_stream = event.call.streams;
    subject.provider = event.call.provider;
    subject.request_type = guardrails::RequestTypeOf(event.call.path);
    subject.metadata = nlohmann::json::parse(event.call.metadata, nullptr, /*allow_exceptions=*/false);
    if (!subject.metadata.is_object()) subject.metadata = nullptr;
    return guardrails::WebhookBody(subject);
  }

  // The body of its answer. *failure: why there is none.
  net::Task<std::string> Post(std::string body, net::Wait wait, std::string* failure) {
    const std::string_view view = body;
    upstream::Request request;
    request.origin = &origin_;
    request.method = "POST";
    request.path = target_;
    request.headers = {{"content-type", "application/json"},
                       {"accept", "application/json"},
                       {"user-agent", "portolan/" PORTOLAN_VERSION}};
    for (const auto& [name, secret] : settings_.secret_headers)
      request.headers.push_back({name, secret.Reveal()});
    request.body = {&view, 1};
    std::unique_ptr<upstream::Exchange> exchange;
    std::string text;
    const upstream::Failure sent = co_await client_.Send(request, {}, wait, &exchange);
    if (!sent.ok()) {
      *failure = sent.message;
    } else if (exchange->status() < 200 || exchange->status() > 299) {
      *failure = "HTTP " + std::to_string(exchange->status());
    } else {
      const upstream::Failure read = co_await exchange->ReadAll(guardrails::kMaxAnswer, &text, wait);
      if (!read.ok()) *failure = read.message;
    }
    co_return text;
  }

  const Settings settings_;
  upstream::Client& client_;
  upstream::Origin origin_;
  std::string target_;
  Wants wants_;
};

}  // namespace

std::unique_ptr<Service> NewWebhook(const Settings& settings, upstream::Client& client) {
  return std::make_unique<Webhook>(settings, client);
}

}  // namespace portolan::middleware
