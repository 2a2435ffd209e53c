#pragma once

#include "server/guardrails/match_shape.h"
#include "server/guardrails/pattern.h"

namespace portolan::guardrails {

// What the matches of the pattern look like, so that it can be looked for in a text that is still coming.
// Their length has no bound with `*`, `+` and `{n,}`. Nothing is known of them if there is no pattern, if it
// looks at the ends of a text or line (`^`, `$`), or if it is written in a way that is not understood here.
// Else what decides about a match is within it and, for `\b` and `\B`, in one character on either side. Pure.
MatchShape ShapeOf(const Pattern& pattern);

}  // namespace portolan::guardrails
