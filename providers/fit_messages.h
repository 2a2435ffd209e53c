#pragma once

// The rules of FitBody that look into messages and tools. Internal to providers/.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/body_rule.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

using ListRules = std::vector<const BodyRule*>;

// Takes the first item off a list with `|` between its items.
std::string_view TakeListed(std::string_view* list);
bool IsListed(std::string_view item, std::string_view list);

// Among the members of a rule for another way: not a member of the request, but pictures in its messages that
// are named by URLs of the web. The other way's form fetches them.
inline constexpr std::string_view kPicturesOfTheWeb = "image_url";
bool HasPicturesOfTheWeb(std::string_view messages);

// Appends the array of messages to *out if the rules change it; else leaves *out alone.
void FitMessages(const ListRules& rules, std::string_view json, std::string* out, DroppedMembers* dropped);
// The same for tools.
std::optional<Error> FitTools(const ListRules& rules, std::string_view provider, std::string_view json,
                              std::string* out, DroppedMembers* dropped);

}  // namespace portolan::providers
