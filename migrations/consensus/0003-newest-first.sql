-- Decisions are listed by when they were opened.
create index decision_newest on decision (tenant_id, opened_at desc, id desc);
