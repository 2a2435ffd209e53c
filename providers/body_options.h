#pragma once

// Options that a provider looks for in the body of a request.

#include <vector>

#include "providers/call.h"
#include "providers/dialect.h"
#include "server/codec/splice.h"

namespace portolan::providers {

// The edits of a form's body for this target, all valid JSON. A value `{NAME}` in Form::body_edits is the
// text of an option, as in paths. The edits of one form are alternatives (a project, or a space). The one
// whose option was given wins, else the first that the row or the environment gives a value; the members of
// the others are removed, whoever wrote them. Where no option has a value all stay as they are.
std::vector<codec::Edit> BodyEdits(const Form& form, const Target& target);

}  // namespace portolan::providers
