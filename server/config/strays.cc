#include "server/config/strays.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "server/base/nearest.h"
#include "server/base/text.h"
#include "server/config/flags.h"
#include "server/config/values.h"

namespace portolan::config {
namespace {

constexpr std::string_view kPrefix = "PORTOLAN_";
// Of commands that call a gateway (server/cli).
constexpr std::string_view kOfCommands[] = {"PORTOLAN_URL", "PORTOLAN_KEY"};

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

// Takes what stands before the first `_`.
std::string_view TakeWord(std::string_view* text) {
  const size_t end = std::min(text->find('_'), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

// `8787_TCP`, and with `_PROTO`, `_PORT` or `_ADDR` behind it.
bool IsPortAndProtocol(std::string_view text) {
  if (!IsNumber(TakeWord(&text))) return false;
  const std::string_view protocol = TakeWord(&text);
  return (protocol == "TCP" || protocol == "UDP" || protocol == "SCTP") &&
         (text.empty() || text == "PROTO" || text == "PORT" || text == "ADDR");
}

// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables: SVC_SERVICE_HOST,
// SVC_SERVICE_PORT, SVC_SERVICE_PORT_NAME, and Docker's SVC_PORT and SVC_PORT_8787_TCP… . `rest` is what
// follows `PORTOLAN_`; a service's name may go on there. SVC_PORT is a URL: a mere number was somebody's idea
// of how to set a port.
bool IsOfKubernetes(std::string_view rest, std::string_view value) {
  for (size_t at = 0; at != std::string_view::npos; at = rest.find('_', at)) {
    if (at > 0) ++at;
    const std::string_view tail = rest.substr(at);
    if (tail == "SERVICE_HOST" || tail == "SERVICE_PORT" || tail.starts_with("SERVICE_PORT_")) return true;
    if (tail == "PORT" && value.find("://") != std::string_view::npos) return true;
    if (tail.starts_with("PORT_") && IsPortAndProtocol(tail.substr(5))) return true;
  }
  return false;
}

std::string_view NearestVariable(std::string_view name, const std::vector<std::string_view>& known) {
  // PORTOLAN_OPENAI_API_KEY: providers' keys have no prefix.
  const auto plain = std::find(known.begin(), known.end(), name.substr(kPrefix.size()));
  return plain != known.end() ? *plain : Nearest(name, known);
}

}  // namespace

std::vector<StrayVariable> StrayVariables(std::span<const std::string> names,
                                          std::span<const std::string_view> others,
                                          const Environment& environment) {
  std::vector<std::string_view> known(others.begin(), others.end());
  for (const Setting& setting : Settings()) known.push_back(setting.variable);
  std::vector<StrayVariable> strays;
  for (const std::string& name : names) {
    if (!name.starts_with(kPrefix) || std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (std::find(std::begin(kOfCommands), std::end(kOfCommands), name) != std::end(kOfCommands)) continue;
    const char* const value = environment(name.c_str());
    if (IsOfKubernetes(std::string_view(name).substr(kPrefix.size()), value == nullptr ? "" : value))
      continue;
    strays.push_back({name, NearestVariable(name, known)});
  }
  return strays;
}

bool HoldsQuotedKey(const Environment& environment, const std::string& variable) {
  const std::optional<std::string> value = ReadVariable(environment, variable);
  if (!value) return false;
  const std::vector<std::string_view> keys = SplitList(*value);
  return IsInQuotes(*value) || std::any_of(keys.begin(), keys.end(), IsInQuotes);
}

}  // namespace portolan::config
