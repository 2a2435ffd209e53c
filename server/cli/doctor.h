#pragma once

// What `portolan doctor` looks at. Internal to cli/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/command.h"
#include "server/cli/keys.h"
#include "server/config/options.h"
#include "server/config_file/file_settings.h"

namespace portolan::cli {

enum class State : uint8_t { kOk, kNote, kBad };

struct Finding {
  std::string_view area;  // `keys`
  State state = State::kOk;
  std::string text;  // for a person, one line; never holds a key
};
using Findings = std::vector<Finding>;

// What the gateway would be started with.
struct Patient {
  config::ServeOptions options;
  std::optional<config::FileSettings> file;  // with stand-ins for the keys that are lacking
  std::vector<std::string> lacking;          // `providers.openai.api_key`: refers to no key that is here
  std::vector<FoundKey> keys;                // of the environment
};

// Somewhere that calls would go.
struct Place {
  std::string provider;
  std::string base_url;
};

// Each looks at one thing and adds what it found.
void LookAtKeys(const Patient& patient, Findings* findings);
void LookAtExposure(const Patient& patient, Findings* findings);
void LookAtPorts(const Patient& patient, Findings* findings);
void LookAtSystem(const Patient& patient, Findings* findings);

// The providers for which there are keys, or which the file names. Adds a note for those whose address is not
// known before a call.
std::vector<Place> PlacesOf(const Patient& patient, const Host& host, Findings* findings);
// Sends each of them one request without a key, all at the same time, as the gateway would: DNS, proxy, TCP,
// TLS. What they say of the time of day is compared with this machine's.
void LookAtPlaces(const Patient& patient, const std::vector<Place>& places, Findings* findings);
// Asks each, with its key and by way of a gateway, for its models: the cheapest call there is.
void CallPlaces(const std::string& config_file, const std::vector<Place>& places, const Host& host,
                Findings* findings);

}  // namespace portolan::cli
