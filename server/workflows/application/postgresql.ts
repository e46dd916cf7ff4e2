import type { Toolkit } from './toolkit.ts'

/**
 * Its disks are consistent at any instant, as after a power cut; what it takes is a checkpoint, after which it starts from
 * the backup without replaying much. Asked by its own user through its own socket, also inside a container.
 */
export const postgresql: Toolkit = {
  id: 'postgresql',
  name: 'PostgreSQL',
  find: 'pids_of postgres postmaster',
  before: `
mark=/proc/$instance/cwd/postmaster.pid
PGPORT=$(sed -n 4p "$mark") PGHOST=$(sed -n 5p "$mark") PGDATABASE=postgres PGCONNECT_TIMEOUT=10
uid=$(sed -n 's/^Uid:[[:space:]]*\\([0-9]*\\).*/\\1/p' "/proc/$instance/status")
PSQL=$(client_of "$instance" psql) || exit 1
export PGPORT PGHOST PGDATABASE PGCONNECT_TIMEOUT PSQL
exec chroot "/proc/$instance/root" /bin/sh -c '
  user=$(sed -n "s/^\\([^:]*\\):[^:]*:$1:.*/\\1/p" /etc/passwd | head -n 1)
  exec su -s /bin/sh "\${user:-postgres}" -c "exec \\"\\$PSQL\\" -XAtq -v ON_ERROR_STOP=1 -c CHECKPOINT -c \\"SHOW server_version\\""
' - "$uid"
`,
}
