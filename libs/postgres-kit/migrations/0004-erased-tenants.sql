-- Tenants that were erased here, or are being: what is heard of them later is dropped, so that nothing comes back. It is
-- kept for ever and holds an id, counts, and what the owner answered.
create table erased_tenant (
  tenant text collate "C" primary key,
  -- Whose event asked for it.
  asked_by text collate "C" not null,
  asked_at timestamptz not null default clock_timestamp(),
  rows bigint not null default 0,
  detail jsonb,
  answered_at timestamptz,
  -- When it was looked at once more, long after the answer.
  swept_at timestamptz
);
grant select, insert, update on erased_tenant to :app;
grant select, update (rows, detail, swept_at) on erased_tenant to :system;

-- Deletes at most so many rows of a tenant that is in that table, from every table there is, those that refer to others
-- first. Events keep their place, or consumers would see a hole; nothing is left in them. The strict policies hold for
-- the owner, too: he sees this tenant's rows and no others.
do $do$
begin
  execute format($sql$
    create function %1$I.erase_tenant(victim text, most int) returns bigint
      language plpgsql security definer set search_path = %1$I, pg_temp as $$
    declare
      t record;
      n bigint;
      total bigint := 0;
    begin
      if not exists (select from %1$I.erased_tenant e where e.tenant = victim) then
        raise exception 'nobody asked to erase this tenant';
      end if;
      perform set_config('app.tenant', victim, true);
      for t in
        with recursive walled as (
          select c.oid, c.relname from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = %1$L::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id' and not a.attisdropped
        ), chain as (
          select oid, 0 as depth from walled
          union
          select k.conrelid, chain.depth + 1 from pg_catalog.pg_constraint k join chain on k.confrelid = chain.oid
          where k.contype = 'f' and k.conrelid <> k.confrelid and chain.depth < 20
        )
        select w.relname from walled w join chain using (oid) group by w.relname order by max(depth) desc, w.relname
      loop
        if t.relname = 'outbound_event' then
          update %1$I.outbound_event set type = 'event.erased', actor = 'erased', data = '{}'
          where ctid = any (array(select ctid from %1$I.outbound_event
            where tenant_id = victim and type <> 'event.erased' limit most - total));
        else
          execute format('delete from %1$I.%%1$I where ctid = any (array(select ctid from %1$I.%%1$I where tenant_id = $1 limit $2))', t.relname)
            using victim, most - total;
        end if;
        get diagnostics n = row_count;
        total := total + n;
        exit when total >= most;
      end loop;
      return total;
    end $$
  $sql$, current_schema());
end $do$;
revoke all on function erase_tenant(text, int) from public;
grant execute on function erase_tenant(text, int) to :system;
