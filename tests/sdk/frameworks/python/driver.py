"""What every driver in Python does: see ../../scenarios/driver.py, which it answers."""

import contextlib
import io
import json
import sys
import traceback

PAGE = "docs/sdks.md"


def page(request):
    """Runs lines of docs/sdks.md."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(request["code"], PAGE, "exec"), {"__name__": "page"})
    return {"printed": printed.getvalue()}


def serve(actions, told):
    """Answers each line by the action that it names. `told` makes of an SDK's exception what the SDK tells, or None."""
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever else is printed
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {**actions, "page": page}[request["do"]](request)
        except Exception as error:
            failed = told(error)
            answer = {"failed": failed} if failed else {"broken": traceback.format_exc()}
        print(json.dumps(answer), file=out, flush=True)


def limit(request):
    """The time limit in seconds, if there is one."""
    return request["timeout_ms"] / 1000 if "timeout_ms" in request else None
