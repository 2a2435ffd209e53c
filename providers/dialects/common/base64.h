#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::providers {

// A vector as OpenAI's API writes it in base64: floats of 32 bits, the least significant byte first. A number
// too large for one becomes the largest there is.
std::string Base64Floats(std::span<const double> values);
// The numbers that such a text stands for. False, with *values unspecified, for one that is empty, is no
// base64, holds no whole number of floats, or one that is no number: JSON has no word for these.
bool ReadBase64Floats(std::string_view text, std::vector<double>* values);

}  // namespace portolan::providers
