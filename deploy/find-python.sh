#!/bin/sh
# Prints the Python to build .venv with: PYTHON if set, else python3 if it fits, else the newest that fits.
# It fits when it is 3.11, 3.12 or 3.13 and really runs (a version manager leaves names that do not).
set -u

fits() {
    "$1" -c 'import ensurepip, sqlite3, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if fits "$PYTHON"; then
        command -v "$PYTHON"
        exit 0
    fi
    echo "PYTHON=$PYTHON does not fit: Python 3.11, 3.12 or 3.13 with venv, ensurepip and sqlite3 is needed." >&2
    exit 1
fi
for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if fits "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done
echo "No fitting Python found: 3.11, 3.12 or 3.13 with venv, ensurepip and sqlite3 is needed." >&2
exit 1
