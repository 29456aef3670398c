#!/bin/sh
# Runs the machine over real input: every Lisp source of GNU Emacs. Installs the Debian package `emacs-el` when it is
# absent, and has the machine read every form, dump them all, map the image in a fresh process, and compare what is
# printed there with what was printed here. The last line is one JSON object.
#
# usage: real-input.sh [FOLDER...]    (FOLDER: Lisp sources already at hand, instead of the package)
set -eu

if [ $# -eq 0 ]; then
    if ! dpkg -s emacs-el >/dev/null 2>&1; then
        echo "installing emacs-el" >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends emacs-el >&2
    fi
    set -- /usr/share/emacs
fi

manifest=$(dirname "$0")/Cargo.toml
exec cargo run --quiet --release --manifest-path "$manifest" -- real-input "$@"
