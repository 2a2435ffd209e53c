#pragma once

// Options that a provider looks for in the body of a request.

#include <vector>

#include "providers/call.h"
#include "providers/dialect.h"
#include "server/codec/splice.h"

namespace portolan::providers {

// The edits of a form's body for this target, all valid JSON. A value `{NAME}` in Form::body_edits is the
// text of an option, as in paths. Those of one form are alternatives (a project, or a space): of several the
// one counts that was given, else the first of which the row or the environment says something, and the other
// members go, whoever wrote them. Where no option says anything all stay as they are.
std::vector<codec::Edit> BodyEdits(const Form& form, const Target& target);

}  // namespace portolan::providers
