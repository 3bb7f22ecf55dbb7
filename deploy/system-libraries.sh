#!/bin/sh
# Sees to the system libraries that pip cannot bring: tries each one, installs what is missing if it may,
# otherwise stops with the one line to run.
#
#   deploy/system-libraries.sh demo    what a running academy needs
#   deploy/system-libraries.sh test    that, and the tools the tests look at pages and PDFs with
#
# Nothing is changed when nothing is missing. Packages are named as Debian and Ubuntu name them.
set -u
here=$(dirname "$0")
kind=${1:-demo}
case $kind in demo | test) ;; *) echo "usage: $0 [demo|test]" >&2; exit 2 ;; esac

loads() { # a shared library, by loading it
    "$loader" -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' "$@" >/dev/null 2>&1
}
runs() { # a command, by running it
    "$@" </dev/null >/dev/null 2>&1
}
browser() {
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        runs "$name" --version && return 0
    done
    return 1
}
has_fonts() { # Pango draws nothing without a single font
    [ -n "$(fc-list 2>/dev/null)" ]
}
need() { # need PACKAGE CHECK…
    package=$1
    shift
    case " $missing " in *" $package "*) return ;; esac
    "$@" || missing="$missing $package"
}

venv_package() { # the package that completes the Python at hand
    if [ -n "${PYTHON:-}" ]; then
        echo "$(basename "$PYTHON")-venv"
    elif /usr/bin/python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
        echo python3-venv
    else
        echo python3.11-venv
    fi
}

find_missing() {
    missing=""
    if python=$("$here/find-python.sh" 2>/dev/null); then
        loader=$python
    else
        missing=" $(venv_package)"
        loader=python3
    fi
    need libpango-1.0-0 loads libgobject-2.0.so.0 libpango-1.0.so.0
    need libpangoft2-1.0-0 loads libpangoft2-1.0.so.0 libharfbuzz.so.0
    need libharfbuzz-subset0 loads libharfbuzz-subset.so.0
    need fontconfig loads libfontconfig.so.1
    need fontconfig has_fonts
    need gettext runs msgfmt --version
    if [ "$kind" = test ]; then
        need chromium browser
        need poppler-utils runs pdftotext -v
        need zbar-tools runs zbarimg --version
        need qpdf runs qpdf --version
        need default-jre-headless runs java -version
        need libjaxb-java test -e /usr/share/java/jaxb-api.jar
        need nodejs runs node --version
        need npm runs npm --version
        need libnss3-tools test -x /usr/bin/certutil
        need libreoffice-calc-nogui runs soffice --version
    fi
    missing=${missing# }
}

find_missing
[ -z "$missing" ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends $missing"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        as_root=no
    fi
    if [ "$as_root" != no ]; then
        echo "Installing system packages: $missing"
        log=$(mktemp)
        # shellcheck disable=SC2086  # the words are meant to be split
        if $as_root env DEBIAN_FRONTEND=noninteractive sh -c "$line" </dev/null >"$log" 2>&1; then
            find_missing
        else
            tail -n 20 "$log" >&2
        fi
        rm -f "$log"
        [ -z "$missing" ] && exit 0
    fi
fi
[ "$(id -u)" = 0 ] || line="sudo sh -c '$line'"
echo "Missing system packages. Please run this line, then start again:" >&2
echo "    $line" >&2
exit 1
