#!/usr/bin/env bash
# Fuzzes what reads a file:
#
#     fuzz/run.sh               each target for ten minutes
#     fuzz/run.sh 3600 load     one target for an hour
#
# Needs a nightly toolchain and cargo-fuzz, which it installs; says so if they cannot be had. What is found stays in
# fuzz/artifacts, and the command to run it again is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
targets=("${@:2}")
if ! rustup run nightly rustc --version; then
    echo "run.sh: no nightly toolchain can be had here; nothing was fuzzed" >&2
    exit 2
fi
if ! cargo fuzz --version && ! cargo install --locked cargo-fuzz; then
    echo "run.sh: cargo-fuzz cannot be had here; nothing was fuzzed" >&2
    exit 2
fi
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)
# A refused load may leave its image mapped (docs/architecture.md), so memory grows: it is no leak to report.
export ASAN_OPTIONS=detect_leaks=0
for target in "${targets[@]}"; do
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=0 -timeout=30 -len_control=0 \
        -max_len=400 -print_final_stats=1
done
