#!/usr/bin/env bash
# Runs what Miri can run: the unit tests that need no mapping, and a whole machine through the
# heap-backed container. Takes about ten minutes. Needs a nightly toolchain; says so if there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! rustup component add miri rust-src --toolchain nightly; then
  echo "miri.sh: no nightly toolchain with Miri can be had here; nothing was checked" >&2
  exit 2
fi
# Integer words carry addresses, so provenance is exposed; images live as long as the process, so they leak.
export MIRIFLAGS="-Zmiri-permissive-provenance -Zmiri-disable-isolation -Zmiri-ignore-leaks"
cargo +nightly miri test -p neodump-runtime --lib -- native:: symbols:: --skip property --skip hostile
cargo +nightly miri test -p neodump-tests --test provenance
