-- What witnesses outside have cosigned of each log, and which proofs wait for them.

-- The witness' signature line over the checkpoint of that size; with the others it is appended to the checkpoint's note.
create table cosignature (
  tenant_id text collate "C" not null,
  origin text not null,
  size bigint not null,
  witness text not null,
  line text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, origin, size, witness)
);

-- How far a witness has come with a log, as it said last. `due_at` is also the lease of a submission under way.
create table witness_standing (
  tenant_id text collate "C" not null,
  origin text not null,
  witness text not null,
  size bigint not null default 0,
  due_at timestamptz not null,
  failures int not null default 0,
  -- What the witness holds against the log; told once until it is another or gone.
  objection text,
  primary key (tenant_id, origin, witness)
);

-- Entries whose proof is told only under a checkpoint with a quorum of cosignatures.
create table held_proof (
  tenant_id text collate "C" not null,
  origin text not null,
  idx bigint not null,
  held_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, origin, idx)
);

do $$
declare t text;
begin
  foreach t in array array['cosignature','witness_standing','held_proof'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy tenant on %I using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))$p$, t);
  end loop;
end $$;
create policy witnessing on witness_standing for select to :system using (true);
create policy witnessing on held_proof for select to :system using (true);

grant select, insert on cosignature to :app;
grant select, insert, update on witness_standing to :app;
grant select, insert, delete on held_proof to :app;
grant select (tenant_id, origin, witness, size, due_at) on witness_standing to :system;
grant select (tenant_id, held_at) on held_proof to :system;
