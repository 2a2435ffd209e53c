// What `portolan doctor` finds of providers.

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "server/cli/doctor.h"
#include "server/cli/door.h"
#include "server/cli/web.h"
#include "server/net/loop.h"
#include "server/net/task.h"
#include "server/upstream/client.h"
#include "server/upstream/proxy.h"

namespace portolan::cli {
namespace {

using std::chrono::milliseconds;
using upstream::FailureKind;

// Signatures and tokens of the large clouds fail from five minutes on.
constexpr long kClockBad = 300;
constexpr long kClockNote = 30;
constexpr std::chrono::seconds kAnswerTime{10};

struct Probe {
  const Place* place = nullptr;
  upstream::Origin origin;
  std::string path;
  std::string proxy;  // the variable that names it; empty: none
  upstream::Failure failure;
  int status = 0;
  milliseconds took{};
  std::optional<long> seconds_ahead;  // this machine's clock before the provider's
};

// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
std::optional<std::time_t> ParseDate(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* const end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

net::Task<void> Run(net::Loop& loop, upstream::Client& client, const upstream::Timeouts& timeouts,
                    Probe* probe, size_t* left) {
  upstream::Request request;
  request.origin = &probe->origin;
  request.method = "GET";
  request.path = probe->path;
  request.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  request.headers.push_back({"accept", "*/*"});
  std::unique_ptr<upstream::Exchange> exchange;
  const net::TimePoint begun = loop.UpdateNow();
  const net::Wait wait{begun + timeouts.connect + kAnswerTime, nullptr};
  probe->failure = co_await client.Send(request, timeouts, wait, &exchange);
  probe->took = std::chrono::duration_cast<milliseconds>(loop.UpdateNow() - begun);
  if (exchange != nullptr) {
    probe->status = exchange->status();
    const auto date = ParseDate(FindHeader(exchange->headers(), "date").value_or(""));
    if (date) probe->seconds_ahead = static_cast<long>(std::time(nullptr) - *date);
  }
  exchange.reset();
  if (--*left == 0) loop.Stop();
}

std::string_view StageOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::kDns:
      return "DNS";
    case FailureKind::kConnectRefused:
    case FailureKind::kConnectFailed:
    case FailureKind::kConnectTimeout:
      return "TCP";
    case FailureKind::kTls:
      return "TLS";
    case FailureKind::kProxy:
      return "proxy";
    default:
      return "HTTP";
  }
}

Finding ToFinding(const Probe& probe) {
  const std::string through = probe.proxy.empty() ? "" : " through the proxy of " + probe.proxy;
  const std::string head = probe.place->provider + ": " + probe.place->base_url;
  if (!probe.failure.ok()) {
    return {"reach", State::kBad,
            head + " does not answer" + through + ": " + std::string(StageOf(probe.failure.kind)) + ": " +
                probe.failure.message};
  }
  return {"reach", State::kOk,
          head + " answers" + through + " after " + std::to_string(probe.took.count()) + " ms"};
}

void LookAtClock(const std::vector<std::unique_ptr<Probe>>& probes, Findings* findings) {
  const Probe* nearest = nullptr;
  for (const auto& probe : probes) {
    if (!probe->seconds_ahead) continue;
    // A provider whose own clock is wrong must not accuse ours.
    if (nearest == nullptr || std::labs(*probe->seconds_ahead) < std::labs(*nearest->seconds_ahead))
      nearest = probe.get();
  }
  if (nearest == nullptr) {
    findings->push_back(
        {"clock", State::kNote, "no provider's answer had a date to compare this machine's clock with"});
    return;
  }
  const long ahead = *nearest->seconds_ahead;
  const long off = std::labs(ahead);
  if (off <= kClockNote) {
    findings->push_back({"clock", State::kOk, "agrees with that of " + nearest->place->provider});
    return;
  }
  findings->push_back({"clock", off > kClockBad ? State::kBad : State::kNote,
                       std::to_string(off) + " s " + (ahead > 0 ? "ahead of" : "behind") + " that of " +
                           nearest->place->provider + "; signatures and tokens fail when it is wrong"});
}

// `{aws_region}` as the environment or the row says it. False, with its name in *missing, if neither does.
bool FillIn(const providers::Provider& provider, const config::Environment& environment, std::string* url,
            std::string* missing) {
  // What was filled in is not looked at again.
  size_t done = 0;
  for (size_t open = url->find('{'); open != std::string::npos; open = url->find('{', done)) {
    const size_t close = std::min(url->find('}', open), url->size() - 1);
    const std::string name = url->substr(open + 1, close - open - 1);
    std::string value;
    bool fits = true;
    for (const providers::ProviderOption& option : provider.options) {
      if (option.name != name) continue;
      value = option.fallback;
      *missing = option.variable.empty() ? name : option.variable;
      if (!option.variable.empty())
        value = config::ReadVariable(environment, option.variable).value_or(option.fallback);
      fits = option.host_endings.empty() ? providers::Fits(option.part, value) : true;
    }
    if (value.empty() || !fits) return false;
    url->replace(open, close - open + 1, value);
    done = open + value.size();
  }
  return true;
}

}  // namespace

std::vector<Place> PlacesOf(const Patient& patient, const Host& host, Findings* findings) {
  std::vector<Place> places;
  const auto has = [&](const std::string& name) {
    return std::any_of(places.begin(), places.end(),
                       [&](const Place& place) { return place.provider == name; });
  };
  if (patient.file) {
    for (const config::ProviderSettings& provider : patient.file->providers) {
      if (!provider.base_url.empty()) places.push_back({provider.name, provider.base_url});
    }
  }
  const auto add = [&](const providers::Provider& provider) {
    if (has(provider.name)) return;
    std::string url = provider.base_url;
    std::string missing;
    if (FillIn(provider, host.environment, &url, &missing)) {
      places.push_back({provider.name, url});
    } else {
      findings->push_back({"reach", State::kNote,
                           provider.name + ": not tried, as its address depends on " + missing +
                               ", which is not set or not usable"});
    }
  };
  for (const FoundKey& key : patient.keys) add(*key.provider);
  if (!patient.file) return places;
  for (const config::ProviderSettings& said : patient.file->providers) {
    if (!said.base_url.empty()) continue;
    for (const providers::Provider& provider : providers::BuiltInCatalog().providers) {
      if (provider.name == said.name && provider.local == nullptr) add(provider);
    }
  }
  return places;
}

void LookAtPlaces(const Patient& patient, const std::vector<Place>& places, Findings* findings) {
  const config::ServeOptions& options = patient.options;
  upstream::ClientOptions client_options;
  client_options.ca_file = options.upstream_ca;
  client_options.https_proxy = options.https_proxy;
  client_options.http_proxy = options.http_proxy;
  client_options.https_proxy_variable = options.https_proxy_variable;
  client_options.http_proxy_variable = options.http_proxy_variable;
  client_options.no_proxy = options.no_proxy;
  const auto proxies = upstream::ProxySettings::From(client_options);
  if (!proxies.ok()) {
    findings->push_back({"reach", State::kBad, std::string(proxies.status().message())});
    return;
  }
  net::Loop loop;
  const auto client = upstream::NewClient(loop, client_options);
  if (!client.ok()) {
    findings->push_back({"reach", State::kBad, std::string(client.status().message())});
    return;
  }
  std::vector<std::unique_ptr<Probe>> probes;
  for (const Place& place : places) {
    auto probe = std::make_unique<Probe>();
    probe->place = &place;
    std::string problem;
    if (!upstream::ParseRequestUrl(place.base_url, &probe->origin, &probe->path, &problem)) {
      findings->push_back({"reach", State::kBad, place.provider + ": " + place.base_url + ": " + problem});
      continue;
    }
    const upstream::Proxy* const proxy = proxies->For(probe->origin);
    if (proxy != nullptr) probe->proxy = proxy->variable;
    probes.push_back(std::move(probe));
  }
  if (probes.empty()) return;
  const upstream::Timeouts timeouts{options.connect_timeout, kAnswerTime, kAnswerTime};
  size_t left = probes.size();
  for (const auto& probe : probes) loop.Spawn(Run(loop, **client, timeouts, probe.get(), &left));
  loop.Run();
  for (const auto& probe : probes) findings->push_back(ToFinding(*probe));
  LookAtClock(probes, findings);
}

void CallPlaces(const std::string& config_file, const std::vector<Place>& places, const Host& host,
                Findings* findings) {
  if (places.empty()) return;
  auto local = host.start_local(config_file);
  if (!local.ok()) {
    findings->push_back({"call", State::kBad, std::string(local.status().message())});
    return;
  }
  Door door;
  door.url = (*local)->url();
  door.key = (*local)->key();
  for (const Place& place : places) {
    WebRequest request{.url = door.url + "/v1/models"};
    request.headers = door.Headers();
    request.headers.push_back({"x-portolan-provider", place.provider});
    WebAnswer answer;
    const absl::Status status = Ask(request, &answer);
    if (!status.ok()) {
      findings->push_back({"call", State::kBad, place.provider + ": " + std::string(status.message())});
    } else if (answer.status == 200) {
      findings->push_back({"call", State::kOk, place.provider + " lists its models"});
    } else {
      const bool lacks_list = ErrorCodeOf(answer.body) == "unsupported_operation";
      findings->push_back(
          {"call", lacks_list ? State::kNote : State::kBad,
           place.provider + (lacks_list ? " was not called: " : ": ") + ErrorOf(answer.status, answer.body)});
    }
  }
}

}  // namespace portolan::cli
