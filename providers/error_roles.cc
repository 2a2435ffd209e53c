#include "providers/error_roles.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "server/base/text.h"

namespace portolan::providers {
namespace {

constexpr size_t kMaxName = 64;  // longer than any that is known

std::string Folded(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kMaxName)) {
    if (c == '_' || c == '-') continue;
    out += LowerCase(c);
  }
  return out;
}

}  // namespace

Role RoleOf(std::string_view name) {
  struct Row {
    std::string_view name;
    Role role;
  };
  constexpr Row kRows[] = {
      {"error", Role::kError},
      {"err", Role::kError},
      {"response", Role::kEnvelope},
      {"fault", Role::kEnvelope},
      {"message", Role::kMessage},
      {"msg", Role::kMessage},
      {"errormessage", Role::kMessage},
      {"errormsg", Role::kMessage},
      {"errmsg", Role::kMessage},
      {"statusmsg", Role::kMessage},
      {"statusmessage", Role::kMessage},
      {"faultstring", Role::kMessage},
      {"detail", Role::kDetail},
      {"details", Role::kDescription},
      {"errordescription", Role::kDescription},
      {"description", Role::kDescription},
      {"reason", Role::kDescription},
      {"errors", Role::kProblems},
      {"violations", Role::kProblems},
      {"problems", Role::kProblems},
      {"title", Role::kTitle},
      {"type", Role::kType},
      {"code", Role::kCode},
      {"errorcode", Role::kCode},
      {"errcode", Role::kCode},
      {"errortype", Role::kCode},
      {"status", Role::kStatus},
      {"statuscode", Role::kStatus},
      {"httpstatus", Role::kStatus},
      {"httpcode", Role::kStatus},
      {"httpstatuscode", Role::kStatus},
      {"param", Role::kParam},
      {"loc", Role::kPlace},
      {"path", Role::kPlace},
      {"field", Role::kPlace},
      {"property", Role::kPlace},
      {"instancepath", Role::kPlace},
  };
  if (name == "__type") return Role::kAwsType;
  const std::string folded = Folded(name);
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& one) { return one.name == folded; });
  return row == std::end(kRows) ? Role::kNone : row->role;
}

bool IsReasonPhrase(std::string_view text) {
  constexpr std::string_view kPhrases[] = {"badrequest",
                                           "unauthorized",
                                           "paymentrequired",
                                           "forbidden",
                                           "notfound",
                                           "methodnotallowed",
                                           "notacceptable",
                                           "requesttimeout",
                                           "conflict",
                                           "gone",
                                           "payloadtoolarge",
                                           "contenttoolarge",
                                           "unsupportedmediatype",
                                           "unprocessableentity",
                                           "unprocessablecontent",
                                           "toomanyrequests",
                                           "internalservererror",
                                           "notimplemented",
                                           "badgateway",
                                           "serviceunavailable",
                                           "gatewaytimeout"};
  std::string folded = Folded(text);
  std::erase(folded, ' ');
  return std::find(std::begin(kPhrases), std::end(kPhrases), folded) != std::end(kPhrases);
}

}  // namespace portolan::providers
