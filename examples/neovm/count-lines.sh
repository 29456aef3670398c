#!/usr/bin/env bash
# Counts what the dump and the load of NeoVM cost in lines, beyond the definitions of its types:
#
#     examples/neovm/count-lines.sh          a table, and the sum
#     examples/neovm/count-lines.sh --json   one JSON object
#
# Counted are lines of code (no comments, no empty lines, no tests):
# - derives: lines that derive `Dumpable`, whatever else they derive;
# - attributes: lines of `#[dump(..)]`;
# - named: the functions and modules that these attributes name (`with`, `validate`, ...);
# - machine: the files that exist because the machine is dumped, loaded, copied or shares a thread, with the
#   functions that Lisp calls for it, and the implementations of the runtime's traits for the heap and its keys.
set -euo pipefail
cd "$(dirname "$0")/src"

machine=(image.rs snapshot.rs aside.rs session.rs reset.rs active.rs living.rs subrs/dump.rs)

mapfile -t files < <(find . -name '*.rs' | sort)

code() { # code lines of standard input
    grep -cvE '^[[:space:]]*(//|$)' || true
}

# The lines of attributes named $1, from `#[name(` to the bracket that ends it.
attributes() {
    awk -v start="#\\\\[$1\\\\(" '
        !inside && $0 ~ start { inside = 1; depth = 0 }
        inside {
            print
            line = $0
            depth += gsub(/\[/, "", line)
            line = $0
            depth -= gsub(/\]/, "", line)
            if (depth <= 0) inside = 0
        }
    ' "${files[@]}"
}

# The definition of what an attribute names, `Type::function` or `module`: rustfmt ends each at the indentation
# it starts at.
definition() {
    local owner="" name="${1##*::}"
    [[ $1 == *::* ]] && owner="${1%::*}" && owner="${owner##*::}"
    awk -v owner="$owner" -v name="$name" '
        /^impl/ { type = $0; sub(/^impl(<[^>]*>)? /, "", type); sub(/[ <{].*/, "", type) }
        /^}/ { type = "" }
        !inside && (owner == "" || type == owner || owner ~ /^[a-z]/) &&
        $0 ~ "^ *(pub(\\([a-z]+\\))? )?(unsafe )?(fn " name "[(<]|mod " name " \\{)" {
            inside = 1
            match($0, /^ */)
            indent = RLENGTH
        }
        inside {
            print
            match($0, /^ */)
            if (RLENGTH == indent && $0 ~ /\}$/) inside = 0
        }
    ' "${files[@]}"
}

derives=$(attributes derive | grep -c 'Dumpable' || true)
dumps=$(attributes dump | code)
# What is in the files that are counted whole is not counted twice.
named=0
while read -r path; do
    lines=$(definition "$path" | code)
    [[ ${VERBOSE:-} ]] && echo "$path: $lines" >&2
    named=$((named + lines))
done < <(attributes dump |
    grep -oE '(with|derived|relink|validate|handle) = [A-Za-z_:0-9]+' | sed 's/.* = //' | sort -u)
# Implementations of the runtime's traits in the other files.
implementations() {
    awk '
        !inside && /^ *impl(<[^>]*>)? (ImageKey|AdoptImage) for/ { inside = 1; match($0, /^ */); indent = RLENGTH }
        inside {
            print
            match($0, /^ */)
            if (RLENGTH == indent && $0 ~ /\}$/) inside = 0
        }
    ' "${files[@]}"
}

whole=0
for file in "${machine[@]}"; do
    lines=$(sed '/#\[cfg(test)\]/,$d' "$file" | code)
    whole=$((whole + lines))
done
whole=$((whole + $(implementations | code)))
sum=$((derives + dumps + named + whole))

if [[ ${1:-} == --json ]]; then
    printf '{"derives":%d,"attributes":%d,"named":%d,"machine":%d,"sum":%d}\n' \
        "$derives" "$dumps" "$named" "$whole" "$sum"
else
    printf '%-12s %5d\n' derives "$derives" attributes "$dumps" named "$named" machine "$whole" sum "$sum"
fi
