#!/bin/sh
# Runs the machine over real input: every Lisp source of GNU Emacs. Installs the Debian package `emacs-el` when it is
# absent, unpacks its files into a temporary folder, and has the machine read, dump, load and compare every form.
# The last line is one JSON object.
#
# usage: real-input.sh [FOLDER]    (FOLDER: Lisp sources already at hand, instead of the package)
set -eu

cd "$(dirname "$0")"

folder=${1:-}
if [ -z "$folder" ]; then
    if ! dpkg -s emacs-el >/dev/null 2>&1; then
        echo "installing emacs-el" >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends emacs-el >&2
    fi
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    dpkg -L emacs-el | grep -E '\.el(\.gz)?$' | while read -r file; do
        [ -f "$file" ] || continue
        name=${file#/usr/share/emacs/}
        mkdir -p "$folder/$(dirname "$name")"
        case $file in
        *.gz) gzip -dc "$file" >"$folder/${name%.gz}" ;;
        *) cp "$file" "$folder/$name" ;;
        esac
    done
fi

cargo build --quiet --release -p neovm
bin=${CARGO_TARGET_DIR:-../../target}/release/neovm
"$bin" check "$folder"
