-- Journals of ended runs are kept for a time. The index is on what never changes, so that no step of a run touches it.
create index run_kept on run (created_at) where journal_removed_at is null;

create policy engine on run_message to :system using (true) with check (true);
grant select, delete on step, turn, wait, task, run_event, run_message, signal to :system;
