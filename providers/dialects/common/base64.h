#pragma once

#include <span>
#include <string>

namespace portolan::providers {

// A vector as OpenAI's API writes it in base64: floats of 32 bits, the least significant byte first. A number
// too large for one becomes the largest there is.
std::string Base64Floats(std::span<const double> values);

}  // namespace portolan::providers
