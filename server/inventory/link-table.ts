import type { Db } from '#server/db.ts'

/**
 * Links between sites, as far as they can be known without a program of ours on the hosts: a link is down when all
 * hosts of one end can't be reached, degraded when some can't, up when all can. Its rate is the greatest that a
 * migration between the two reached. Its round trip is not measured: it stays unknown.
 */
export async function writeLinks(db: Db): Promise<void> {
  await db.$executeRaw`
    WITH ends AS (
      SELECT site_id AS id, count(*) AS hosts, count(*) FILTER (WHERE state = 'connected') AS connected,
        count(*) FILTER (WHERE state = 'unreachable') AS unreachable
      FROM host GROUP BY site_id),
    pairs AS (
      SELECT a.id AS from_id, b.id AS to_id,
        (CASE WHEN a.unreachable = a.hosts OR b.unreachable = b.hosts THEN 'down'
          WHEN a.unreachable + b.unreachable > 0 THEN 'degraded'
          WHEN a.connected > 0 AND b.connected > 0 THEN 'up' ELSE 'unknown' END)::link_state AS state
      FROM ends AS a JOIN ends AS b ON a.id < b.id),
    rates AS (
      SELECT least(source.site_id, destination.site_id) AS from_id,
        greatest(source.site_id, destination.site_id) AS to_id,
        (max(rate_per_second) * 8)::bigint AS bits
      FROM operation JOIN host AS source ON source.id = operation.host_id
        JOIN host AS destination ON destination.id = operation.destination_host_id
      WHERE kind = 'migrate-vm' AND progress_unit = 'bytes' AND rate_per_second > 0
      GROUP BY 1, 2)
    INSERT INTO link (id, from_site_id, to_site_id, state, bits_per_second, checked_at)
    SELECT gen_random_uuid(), pairs.from_id, pairs.to_id, pairs.state, rates.bits, now()
    FROM pairs LEFT JOIN rates USING (from_id, to_id)
    ON CONFLICT (from_site_id, to_site_id) DO UPDATE SET state = excluded.state, checked_at = now(),
      bits_per_second = greatest(link.bits_per_second, excluded.bits_per_second)
    WHERE link.state <> excluded.state OR coalesce(excluded.bits_per_second, 0) > coalesce(link.bits_per_second, 0)`
  await db.$executeRaw`
    UPDATE link SET state = 'unknown', checked_at = now()
    WHERE state <> 'unknown' AND (from_site_id NOT IN (SELECT site_id FROM host)
      OR to_site_id NOT IN (SELECT site_id FROM host))`
}
