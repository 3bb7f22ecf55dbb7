"""The process behind `Stack.ask`: reads one question a line, calls a function of `inside.py`, answers in one line."""

from __future__ import annotations

import json
import sys
import traceback

import django


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    django.setup()
    from tests.end_to_end import inside

    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"value": getattr(inside, question["function"])(**question["arguments"])}
        except Exception:  # noqa: BLE001  the asker raises it again, in the test that asked
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
