# Holds a network namespace for as long as its standard input stays open, which
# is as long as whoever started it lives; then kills all that still runs in it.

# The rest of the script kills by namespace, so it must have one of its own.
# (In a user namespace the parent's cannot be seen, and so cannot be equal.)
if [ /proc/self/ns/net -ef "/proc/$PPID/ns/net" ]; then
  echo "no network namespace of its own" >&2
  exit 1
fi

# A Ctrl-C in the terminal must not end it before it has cleaned up.
trap '' HUP INT QUIT TERM

# IPv6 addresses are usable at once, and nothing but the test sends anything.
for scope in all default; do
  for setting in accept_dad=0 router_solicitations=0; do
    file=/proc/sys/net/ipv6/conf/$scope/${setting%=*}
    [ -w "$file" ] && echo "${setting#*=}" >"$file"
  done
done

ip link set lo up || exit 1
echo ready

while read -r _; do :; done

# One pass misses what its victims start meanwhile.
pass=0
found=yes
while [ -n "$found" ] && [ "$pass" -lt 1000 ]; do
  pass=$((pass + 1))
  found=
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    if [ "$pid" != $$ ] && [ "$process/ns/net" -ef /proc/self/ns/net ]; then
      kill -KILL "$pid" && found=yes
    fi
  done
done 2>/dev/null
