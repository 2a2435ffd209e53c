#pragma once

#include <string>

#include "server/guardrails/match_shape.h"
#include "server/guardrails/pattern.h"

namespace portolan::guardrails {

// What the matches of the pattern look like, so that it can be looked for in a text that is still coming.
// Their length has no bound with `*`, `+` and `{n,}`. Nothing is known of them if there is no pattern, if it
// looks at the ends of a text or line (`^`, `$`), or if it is written in a way that is not understood here.
// Else what decides about a match is within it and, for `\b` and `\B`, in one character on either side. Pure.
MatchShape ShapeOf(const Pattern& pattern);

// A text that stands in every match of the pattern, such as `sk-` of `sk-[a-z0-9]{20}`: of those that are
// known, the one that is rarest elsewhere. Empty: none is known. Pure.
std::string NeededBy(const Pattern& pattern);

}  // namespace portolan::guardrails
