#pragma once

// Where checks find what they look for. Internal to this part.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/pattern.h"

namespace portolan::guardrails {

// Everything that a pattern matches, as JavaScript's replace() goes through it with the flag `g`: behind an
// empty match one character is passed over. `groups` is how many groups are asked for, the whole match
// being the first.
using OnMatch = std::function<void(const std::vector<re2::StringPiece>& groups, size_t begin, size_t end)>;
void FindPattern(const RE2& pattern, size_t groups, const Stretch& stretch, Cursor* cursor,
                 const OnMatch& found);

// Every place where a word stands from `from` on, those that overlap another included.
void FindWord(std::string_view word, size_t label, size_t from, const Stretch& stretch,
              std::vector<Match>* found);

// Everything that is found in a whole text.
std::vector<Match> FindAll(const FindFunction& find, std::string_view text);

// Adds to `counts` how often each thing was found.
void CountByLabel(const std::vector<Match>& matches, std::vector<size_t>* counts);

// Puts replacements in the places of matches. False if there are none.
bool Replace(const std::vector<Match>& matches, std::string* text);

}  // namespace portolan::guardrails
