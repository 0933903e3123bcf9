-- Turns a worker runs at once; who enlists without a word has what WORKER_SLOTS is by default.
alter table worker add column slots int not null default 4 check (slots > 0);
