-- Of a private snippet that was burned or has expired, which only its owner may know to have been there. Null: anybody.
alter table gone_snippets add column owner_id text references accounts (id) on delete cascade;
create index gone_snippets_by_owner on gone_snippets (owner_id) where owner_id is not null;
