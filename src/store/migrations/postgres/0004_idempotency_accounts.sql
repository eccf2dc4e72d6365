-- Whose request a record answers, so that it goes with the account. Null for anonymous ones, and for records of before,
-- which are gone a day later anyway.
alter table idempotency_records add column account_id text references accounts on delete cascade;
create index idempotency_records_by_account on idempotency_records (account_id) where account_id is not null;
