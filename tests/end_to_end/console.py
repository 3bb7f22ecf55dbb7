"""The process behind `Stack.ask`: reads one question a line, calls a function of the module named on the
command line, answers in one line."""

from __future__ import annotations

import json
import sys
import traceback
from importlib import import_module

import django


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    django.setup()
    questions = import_module(sys.argv[1])
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"value": getattr(questions, question["function"])(**question["arguments"])}
        except Exception:  # noqa: BLE001  the asker raises it again, in the test that asked
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
