# Runs a PostgreSQL for as long as somebody holds the other end of its standard input.
#
#   sh watchdog.sh BINDIR FOLDER [postgres option ...]
#
# Prints "started PID", or what went wrong. End of input means that the owner is gone, however it went: the server is stopped at once and
# its folder removed. Runs as the user that the server shall run as.
set -u
trap '' PIPE # Whoever reads what we print may be gone first.
bindir=$1
folder=$2
shift 2
cd "$folder" || exit 1

give_up() {
    echo "$1:"
    cat "$folder/log"
    rm -rf "$folder"
    exit 1
}

make_cluster() {
    "$bindir/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale="$1" --no-sync \
        >"$folder/log" 2>&1 </dev/null
}

# C.UTF-8 is what production has; where the machine does not know it, C sorts the same.
make_cluster C.UTF-8 || make_cluster C || give_up "initdb failed"

"$bindir/postgres" -D "$folder/data" -k "$folder" "$@" >"$folder/log" 2>&1 </dev/null &
server=$!
echo "started $server"

# Nobody ever writes to us: read returns when the owner's end is closed.
while read -r _; do :; done

# QUIT stops it at once, once it listens to signals; before that, as a background process of a shell, it ignores QUIT but dies of TERM.
kill -TERM "$server" 2>/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
cd /
rm -rf "$folder"
