/** How an application in a guest is readied for the instant of a backup, by scripts of the POSIX shell. */
export interface Toolkit {
  id: string
  name: string
  /** Prints a line for each instance that runs: what the other scripts get as `$instance` */
  find: string
  /** Readies `$instance`; prints its version. Whatever it holds still it lets go by itself after a minute. */
  before: string
  /** Lets `$instance` go on */
  after?: string
}

/** What all scripts may use. */
const common = `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
# pids_of NAME...: processes of these names whose parent has none of them.
pids_of() {
  names=" $* "
  for each in /proc/[0-9]*; do
    read -r comm 2>/dev/null <"$each/comm" || continue
    case $names in *" $comm "*) ;; *) continue ;; esac
    parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$each/status" 2>/dev/null)
    read -r above 2>/dev/null <"/proc/$parent/comm" || above=
    case $names in *" $above "*) [ -n "$above" ] && continue ;; esac
    echo "\${each#/proc/}"
  done
}
# The program beside the server's own, else the one on the path.
client_of() {
  folder=$(dirname "$(readlink "/proc/$1/exe")")
  shift
  for each; do [ -x "/proc/$instance/root$folder/$each" ] && echo "$folder/$each" && return; done
  for each; do chroot "/proc/$instance/root" /bin/sh -c 'command -v "$1"' - "$each" && return; done
  echo "its client program is not installed" >&2
  exit 1
}
`

/** A word of the shell that stands for exactly this text. */
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A script with what it may use. `run` names this backup, and is the same for what is before and after. */
export const scriptOf = (script: string, { instance = '', run = '' }: { instance?: string; run?: string } = {}) =>
  `${common}\ninstance=${quoted(instance)}\nrun=${quoted(run)}\n${script}`
