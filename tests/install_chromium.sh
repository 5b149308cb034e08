#!/bin/sh
# A browser for tests/web/test_browser.py: the Chromium that is here, or else Debian's, installed once where that may be done
# unasked. Without one those tests are left out, and the others run all the same.
there() {
    for name in ${MONITOR_CHROMIUM:-chromium chromium-browser google-chrome}; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}
stamp=.venv/.chromium-was-asked-for
there && exit 0
if [ -z "${MONITOR_CHROMIUM:-}" ] && [ ! -e "$stamp" ] && command -v apt-get >/dev/null 2>&1; then
    touch "$stamp"
    may=; [ "$(id -u)" = 0 ] || may="sudo -n"
    if $may true 2>/dev/null; then
        echo "installing Chromium for the tests of the pages, once"
        export DEBIAN_FRONTEND=noninteractive
        { $may timeout 120 apt-get -qq update; $may timeout 600 apt-get -qq -y --no-install-recommends install chromium; } \
            </dev/null >/dev/null 2>&1
    fi
fi
there || echo "no Chromium is here: tests/web/test_browser.py is left out (MONITOR_CHROMIUM says where one is)"
exit 0
