import type { Toolkit } from './toolkit.ts'

/**
 * A read lock over all tables, which are flushed: tables of any engine are whole, and no transaction is in the middle of
 * its commit. A session of its own holds the lock until it is told, or for a minute.
 */
export const mysql: Toolkit = {
  id: 'mysql',
  name: 'MySQL',
  find: 'pids_of mysqld mariadbd',
  before: `
folder=/run/skerry-$run-$instance
[ -d /run ] || folder=/tmp/skerry-$run-$instance
rm -rf "$folder"
(umask 077 && mkdir "$folder") || exit 1
socket=$(tr '\\000' '\\n' <"/proc/$instance/cmdline" | sed -n 's/^--socket=//p' | head -n 1)
CLIENT=$(client_of "$instance" mariadb mysql) || exit 1
hold() {
  echo 'SET SESSION lock_wait_timeout = 20; FLUSH TABLES WITH READ LOCK;'
  echo 'SELECT VERSION();'
  waited=0
  while [ $waited -lt "\${hold_seconds:-60}" ] && [ ! -e "$folder/go" ]; do sleep 1; waited=$((waited + 1)); done
  echo 'UNLOCK TABLES;'
}
(
  hold | chroot "/proc/$instance/root" "$CLIENT" --batch --skip-column-names --unbuffered \${socket:+--socket="$socket"} >"$folder/out" 2>"$folder/err"
  touch "$folder/ended"
) </dev/null >/dev/null 2>&1 &
waited=0
while [ ! -s "$folder/out" ]; do
  if [ -e "$folder/ended" ] || [ $waited -ge 25 ]; then
    touch "$folder/go"
    cat "$folder/err" >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
head -n 1 "$folder/out"
`,
  after: `
folder=/run/skerry-$run-$instance
[ -d "$folder" ] || folder=/tmp/skerry-$run-$instance
[ -d "$folder" ] || exit 0
if [ -e "$folder/ended" ]; then held=no; fi
touch "$folder/go"
waited=0
while [ ! -e "$folder/ended" ] && [ $waited -lt 20 ]; do sleep 1; waited=$((waited + 1)); done
cat "$folder/err" >&2
rm -rf "$folder"
[ "$held" != no ] || { echo 'the lock was given up before the instant' >&2; exit 1; }
`,
}
