-- What permitted the act that an event tells of: version of roles and policies, and which of them. Null for what services
-- do by themselves.
alter table outbound_event add column verdict jsonb;

-- As before, and the verdict goes with the rest.
do $do$
begin
  execute format($sql$
    create or replace function %1$I.erase_tenant(victim text, most int) returns bigint
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
          update %1$I.outbound_event set type = 'event.erased', actor = 'erased', data = '{}', verdict = null
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
