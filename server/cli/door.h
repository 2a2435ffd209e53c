#pragma once

// The gateway that a command talks to: one that runs, or one inside this process. Internal to cli/.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/header.h"
#include "server/cli/command.h"

namespace portolan::cli {

struct Door {
  std::string url;                      // without a slash at its end
  Secret key;                           // empty: none
  std::unique_ptr<LocalGateway> local;  // null: the gateway runs elsewhere

  // What goes with each call.
  std::vector<HeaderField> Headers() const;
};

// Opens the one that --url or PORTOLAN_URL names, with the caller key of PORTOLAN_KEY; without either one in
// this process, set up by --config. An InvalidArgument is for exit status 2.
absl::StatusOr<Door> OpenDoor(const Arguments& arguments, const Host& host);

// The flags for it.
inline constexpr Flag kUrlFlag = {
    .name = "--url",
    .value_name = "URL",
    .help = "the gateway to call, as in http://127.0.0.1:8787; else PORTOLAN_URL, else one in this process"};
inline constexpr Flag kConfigFlag = {
    .name = "--config", .value_name = "FILE", .help = "the config file for a gateway in this process"};

// What an answer that is an error says, as a clause; what is there otherwise, if it is not what it should be.
std::string ErrorOf(int status, std::string_view body);
// The stable code of an error of the gateway (docs/errors.md); "" if the answer is none.
std::string ErrorCodeOf(std::string_view body);

}  // namespace portolan::cli
