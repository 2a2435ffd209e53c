// Checks that ask the network: webhooks, and URLs in texts.

#include <algorithm>
#include <memory>
#include <utility>

#include "server/guardrails/check_makers.h"
#include "server/guardrails/found_urls.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/network_parameters.h"
#include "server/guardrails/question.h"
#include "server/guardrails/webhook.h"

namespace portolan::guardrails::makers {
namespace {

using nlohmann::json;

// Of what is told of a call, in bytes.
constexpr size_t kMaxTold = 16u << 20;
// How many URLs are asked for one look, and for how long, all together.
constexpr size_t kMaxUrls = 20;
constexpr std::chrono::milliseconds kUrlTime{3000};

Finding Unknown(std::string_view explanation) { return {Verdict::kError, {{"explanation", explanation}}}; }

std::string Text(size_t number) { return std::to_string(number); }

// What is posted of a call.
struct Post {
  std::string url;
  std::vector<HeaderField> headers;
  std::chrono::milliseconds timeout;

  Asked Ask(const Subject& subject) const {
    if (subject.request.json.size() + subject.response.json.size() > kMaxTold) {
      return Unknown("there is more than 16 MB to be told");
    }
    std::vector<Question> questions(1);
    Question& question = questions.front();
    question.method = "POST";
    question.url = url;
    question.headers = headers;
    question.body = WebhookBody(subject);
    question.timeout = timeout;
    return questions;
  }
};

Post ReadPost(Parameters& parameters, std::string_view url) {
  Post post{ReadUrl(parameters, url), ReadHeaders(parameters), ReadTimeout(parameters)};
  if (std::none_of(post.headers.begin(), post.headers.end(),
                   [](const HeaderField& header) { return header.name == "content-type"; })) {
    post.headers.push_back({"content-type", "application/json"});
  }
  return post;
}

Judgement JudgeWebhook(const Subject& subject, std::span<const Reply> replies) {
  const Reply& reply = replies.front();
  if (!reply.failure.empty()) return {Unknown("the webhook cannot tell: " + reply.failure)};
  if (reply.status < 200 || reply.status > 299) {
    return {Unknown("the webhook cannot tell: it answered with status " + std::to_string(reply.status))};
  }
  std::string problem;
  std::optional<WebhookAnswer> answer = ReadWebhookAnswer(reply.body, &problem);
  if (!answer) return {Unknown("the webhook cannot tell: " + problem)};
  Judgement judgement{
      Told(answer->verdict, answer->verdict ? "the webhook says yes" : "the webhook says no")};
  if (!answer->data.is_null()) judgement.finding.data["responseData"] = std::move(answer->data);
  judgement.replacement = std::move(subject.is_answer ? answer->response : answer->request);
  return judgement;
}

// The URLs of all texts, each once, and no more than are too many.
std::vector<std::string> AllUrls(const Subject& subject) {
  std::vector<std::string> all;
  for (const Demanded& demanded : subject.demanded) {
    for (std::string& url : FindUrls(demanded.text, kMaxUrls + 1)) {
      if (all.size() > kMaxUrls) return all;
      if (std::find(all.begin(), all.end(), url) == all.end()) all.push_back(std::move(url));
    }
  }
  return all;
}

struct UrlRules {
  bool only_names = false;
  bool negated = false;

  Asked Ask(const Subject& subject) const {
    const std::vector<std::string> urls = AllUrls(subject);
    if (urls.size() > kMaxUrls) return Unknown("there are more than " + Text(kMaxUrls) + " URLs");
    std::vector<Question> questions;
    questions.reserve(urls.size());
    for (const std::string& url : urls) {
      questions.push_back({.method = only_names ? "" : "HEAD",
                           .url = url,
                           .timeout = kUrlTime,
                           .needs_body = false,
                           .is_untrusted = true});
    }
    if (questions.empty()) return Judge(subject, {}).finding;
    return questions;
  }

  Judgement Judge(const Subject& subject, std::span<const Reply> replies) const {
    const std::vector<std::string> urls = AllUrls(subject);
    json good = json::array();
    json bad = json::array();
    for (size_t i = 0; i < urls.size(); ++i) {
      const Reply& reply = replies[i];
      const bool answers =
          reply.failure.empty() && (only_names || (reply.status >= 200 && reply.status < 300));
      (answers ? good : bad).push_back(urls[i]);
    }
    Finding worst;
    for (const Demanded& demanded : subject.demanded) KeepWorst(LookAt(demanded, bad), &worst);
    if (worst.data.is_null()) worst.data = {{"explanation", "there is no text to look at"}};
    worst.data["validURLs"] = std::move(good);
    worst.data["invalidURLs"] = std::move(bad);
    return {std::move(worst)};
  }

 private:
  Finding LookAt(const Demanded& demanded, const json& bad) const {
    if (demanded.calls_only) return Told(true, "it calls tools and has no text to demand something of");
    const std::vector<std::string> urls = FindUrls(demanded.text, kMaxUrls + 1);
    if (urls.empty()) return Told(negated, "there is no URL in the text");
    const auto failing = static_cast<size_t>(std::count_if(urls.begin(), urls.end(), [&](const auto& url) {
      return std::find(bad.begin(), bad.end(), json(url)) != bad.end();
    }));
    return Told((failing == 0) != negated, Text(urls.size() - failing) + " of " + Text(urls.size()) +
                                               (only_names ? " URLs have hosts that exist" : " URLs answer"));
  }
};

}  // namespace

void Webhook(Parameters& parameters, Check* check) {
  const Post post = ReadPost(parameters, "webhookURL");
  auto network = std::make_shared<Network>();
  network->ask = [post](const Subject& subject) { return post.Ask(subject); };
  network->judge = JudgeWebhook;
  network->tells_bodies = true;
  check->looks = Looks::kAtTheCall;
  check->may_replace = true;
  check->network = std::move(network);
}

void Log(Parameters& parameters, Check* check) {
  const Post post = ReadPost(parameters, "logURL");
  auto network = std::make_shared<Network>();
  network->ask = [post](const Subject& subject) { return post.Ask(subject); };
  network->judge = [](const Subject&, std::span<const Reply> replies) -> Judgement {
    const Reply& reply = replies.front();
    const bool taken = reply.failure.empty() && reply.status >= 200 && reply.status < 300;
    return {taken ? Told(true, "it is logged") : Unknown("it could not be logged")};
  };
  network->is_beside = true;
  network->tells_bodies = true;
  check->looks = Looks::kAtTheCall;
  check->network = std::move(network);
}

void ValidUrls(Parameters& parameters, Check* check) {
  const UrlRules rules{parameters.Flag("onlyDNS", false), parameters.Flag("not", false)};
  auto network = std::make_shared<Network>();
  network->ask = [rules](const Subject& subject) { return rules.Ask(subject); };
  network->judge = [rules](const Subject& subject, std::span<const Reply> replies) {
    return rules.Judge(subject, replies);
  };
  check->looks = Looks::kAtTheLast;
  check->network = std::move(network);
}

}  // namespace portolan::guardrails::makers
