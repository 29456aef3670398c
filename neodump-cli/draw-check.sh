#!/bin/sh
# Draws an image, opens the page in headless Chromium, in light and in dark and one level down, and checks that it raised
# no error. Usage: neodump-cli/draw-check.sh IMAGE FOLDER. The screenshots are left in FOLDER to be looked at.
set -eu
image=$1
folder=$2
neodump=${NEODUMP:-cargo run --quiet --release -p neodump-cli --}
find_chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}
chromium=${CHROMIUM:-$(find_chromium || true)}
if [ -z "$chromium" ]; then
    { apt-get update && apt-get install -y chromium; } >/dev/null 2>&1 || true
    chromium=$(find_chromium) || {
        echo "draw-check.sh: no Chromium, and none can be installed here; nothing was checked" >&2
        exit 2
    }
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
page=$folder/image.html
$neodump draw "$image" -o "$page"

browse() {
    # The profile is thrown away with the folder; nothing is fetched, so no network is there.
    "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
        --host-resolver-rules='MAP * ~NOTFOUND' --window-size=1400,1500 --virtual-time-budget=4000 \
        --enable-logging=stderr --v=0 "$@" 2>"$folder/log"
}

for look in light dark; do
    scheme=1
    [ $look = dark ] && scheme=0
    for place in "" 0 0/0; do
        name=$look-$(echo "$place" | tr / -)
        browse --blink-settings=preferredColorScheme=$scheme --dump-dom "file://$page#$place" >"$folder/dom.html"
        if grep -q 'CONSOLE' "$folder/log" || grep -q 'data-error=' "$folder/dom.html" ||
            ! grep -q 'data-ready="true"' "$folder/dom.html"; then
            echo "the page raised an error at #$place in $look:" >&2
            grep 'CONSOLE' "$folder/log" >&2 || true
            grep -o '<html[^>]*>' "$folder/dom.html" >&2 || true
            exit 1
        fi
        browse --blink-settings=preferredColorScheme=$scheme --screenshot="$folder/${name%-}.png" "file://$page#$place" >/dev/null
    done
done
rm -rf "$folder/profile" "$folder/dom.html" "$folder/log"
echo "no errors; screenshots are in $folder"
