#!/usr/bin/env bash
# Counts what the dump and the load of NeoVM cost in lines, beyond the definitions of its types:
#
#     examples/neovm/count-lines.sh          a table, and the sum
#     examples/neovm/count-lines.sh --list   every line that is counted, under what it is counted as
#     examples/neovm/count-lines.sh --json   one JSON object
#
# Counted are lines of code (no comments, no empty lines, no tests) that are there because the machine is dumped, loaded,
# copied, or shares a thread with other machines. Whatever would be there in a machine that boots at every start is not.
#
# derives     each line that derives `Dumpable`, although most of them derive other traits too, and would be there
# attributes  each line of `#[dump(..)]`
# conversions what `with`, `derived`, `relink` and `handle` name in these attributes
# validate    what `validate` names, and the functions that are there for these alone: what an audited load asks of values
#             beyond what their types say
# files       whole files:
#   image.rs        natives, options, dump, load, start, snapshot, clone, release, hooks of the image, sessions
#   aside.rs        what is put aside for a dump, and back
#   adopted.rs      the image in the heap, as the collector sees it
#   active.rs       machines that share a thread: their state in statics
#   subrs/dump.rs   `dump-emacs-portable` and `pdumper-stats`
#   rt.rs           the imports of the runtime's types, for all files
# parts       of files that are about something else: keys of hash tables that are hashed in an image, the names of symbols
#             that an image has to agree on, buffers that leave their folder, objects reached without a heap at hand, the
#             statics of `global` fields, and the lines of heap and collector that ask for the image
#
# Not counted, because any Emacs has it: Lisp threads and terminals, the variables of the process, hooks, access to objects
# (living.rs), the caches that a thread forgets when a machine starts on it (reset.rs: `Vm::new` runs it too), hash functions
# and equality. Not counted either: what the program `neovm` prints of images (cli/).
set -euo pipefail
cd "$(dirname "$0")/src"

files_whole=(image.rs aside.rs adopted.rs active.rs subrs/dump.rs rt.rs)
# Called by `Vm::check` and `Buffer::check`, and by nothing else.
validate_more=(Vm::check_variables Charsets::check Charset::check Roots::check BufferManager::check_objects
    Intervals::check object::rule)
parts=(BufferManager::leave_directory Living::assumed symbols::names_hash)

mapfile -t files < <(find . -name '*.rs' | sort)

code() { # The lines of code of standard input.
    grep -vE '^[[:space:]]*(//|$)' || true
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

# The definition of what a path names, `Type::function`, `module::function` or `module`: rustfmt ends each at the indentation
# it starts at. Complains about a path that names nothing.
definition() {
    local owner="" name="${1##*::}" found
    [[ $1 == *::* ]] && owner="${1%::*}" && owner="${owner##*::}"
    found=$(awk -v owner="$owner" -v name="$name" '
        FNR == 1 { module = FILENAME; sub(/\.rs$/, "", module); sub(/.*\//, "", module); type = "" }
        /^impl/ { type = $0; sub(/^impl(<[^>]*>)? /, "", type); sub(/[ <{].*/, "", type) }
        /^}/ { type = "" }
        !inside && (owner == "" || type == owner || owner ~ /^[a-z]/ && type == "" && (module == owner || $0 ~ /mod /)) &&
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
    ' "${files[@]}")
    [[ $found ]] || { echo "$1: no such function or module" >&2 && return 1; }
    printf '%s\n' "$found"
}

# What the attributes of one of the keys $1 name.
named() {
    attributes dump | grep -oE "\\b($1) = [A-Za-z_:0-9]+" | sed 's/.* = //' | sort -u
}

# Implementations of the runtime's traits outside of the files that are counted whole.
implementations() {
    awk '
        !inside && /^ *impl(<[^>]*>)? ImageKey for/ { inside = 1; match($0, /^ */); indent = RLENGTH }
        inside {
            print
            match($0, /^ */)
            if (RLENGTH == indent && $0 ~ /\}$/) inside = 0
        }
    ' "${files[@]}"
}

all_of() { # The definitions of all paths.
    local path
    for path in "$@"; do definition "$path"; done
}

derives() { attributes derive | grep Dumpable; }
attributes_of_dump() { attributes dump | code; }
conversions() {
    local paths
    mapfile -t paths < <(named 'with|derived|relink|handle')
    all_of "${paths[@]}" | code
}
validations() {
    local paths
    # `Vm::check` is in image.rs.
    mapfile -t paths < <(named validate | grep -v '^Vm::check$')
    all_of "${paths[@]}" "${validate_more[@]}" | code
}
whole_files() {
    local file
    for file in "${files_whole[@]}"; do sed '/#\[cfg(test)\]/,$d' "$file" | code; done
}
other_parts() {
    implementations | code
    all_of "${parts[@]}" | code
    grep -hE 'names: (symbols::names_hash|u64)|static ACTIVE' machine.rs display/*.rs | code
    # The image in the heap, in code that is about all objects.
    sed '/#\[cfg(test)\]/,$d' heap.rs gc.rs | code | grep -E 'adopted|in_image|image_marks' || true
}

categories=(derives attributes_of_dump conversions validations whole_files other_parts)
labels=(derives attributes conversions validate files parts)
counts=()
sum=0
for category in "${categories[@]}"; do
    lines=$($category)
    if [[ ${1:-} == --list ]]; then printf '== %s\n%s\n' "$category" "$lines"; fi
    counts+=("$(grep -c . <<<"$lines")")
    sum=$((sum + counts[-1]))
done

case ${1:-} in
--list) ;;
--json)
    printf '{'
    for at in "${!labels[@]}"; do printf '"%s":%d,' "${labels[at]}" "${counts[at]}"; done
    printf '"sum":%d}\n' "$sum"
    ;;
*)
    for at in "${!labels[@]}"; do printf '%-12s %5d\n' "${labels[at]}" "${counts[at]}"; done
    printf '%-12s %5d\n' sum "$sum"
    ;;
esac
