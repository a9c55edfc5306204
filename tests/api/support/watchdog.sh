# Runs a PostgreSQL server until its standard input is closed.
#
#   sh watchdog.sh BINDIR FOLDER [postgres option ...]
#
# Prints "started PID" or the error. The end of the input means that the owner has ended, for whatever reason: the server
# is stopped at once and its folder removed. Runs as the user of the server.
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

# Production uses C.UTF-8. On a machine without it, C sorts in the same order.
make_cluster C.UTF-8 || make_cluster C || give_up "initdb failed"

"$bindir/postgres" -D "$folder/data" -k "$folder" "$@" >"$folder/log" 2>&1 </dev/null &
server=$!
echo "started $server"

# The owner writes nothing: read returns when the owner's end is closed.
while read -r _; do :; done

# QUIT stops a running server at once. While it starts, as a background process of a shell, it ignores QUIT but ends on TERM.
kill -TERM "$server" 2>/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
cd /
rm -rf "$folder"
