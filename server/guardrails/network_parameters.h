#pragma once

// Parameters that checks of the network have in common. Internal to this part.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/header.h"
#include "server/guardrails/parameters.h"

namespace portolan::guardrails {

// What is wrong with a URL that is to be asked, as a clause (`the URL has user information`); empty: nothing.
// It must be of http or https, with a host, without user information, and with no characters that a URL has
// percent-encoded.
std::string ProblemOfUrl(std::string_view url);

// A URL that must be there. Empty on a problem.
std::string ReadUrl(Parameters& parameters, std::string_view name);

// `headers`: an object of texts, or the JSON text of one. Names come out in lower case. Names that are no
// header's, or belong to the connection, and values that no header has are problems; none is ever quoted.
std::vector<HeaderField> ReadHeaders(Parameters& parameters);

// `timeout`: milliseconds from 1 to 300,000; 3,000 if it is not there.
std::chrono::milliseconds ReadTimeout(Parameters& parameters);

}  // namespace portolan::guardrails
