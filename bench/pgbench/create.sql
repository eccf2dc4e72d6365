-- One create with its idempotency record, as a prepared statement. It must follow kCreateOnce in
-- src/store/postgres_store.cpp. What differs: record_id is put together from two variables, and the two texts that are
-- empty for an account's snippet are literals, because pgbench takes no empty variable.
-- permute() scatters the keys as the server's random ids and hashes are scattered, and repeats none.
-- The variables come from lib/create.py; those with a column's name hold what snippetd itself wrote for one create.
\set number :start + :client_id * 1000000 + :n
\set id 100000000000 + permute(:number, 900000000000, 1)
\set record 1000000000000000000 + permute(:number, 1000000000000000000, 1)
\set n :n + 1
\set now :now + 1
with record as (
    insert into idempotency_records (id, fingerprint, response, created_at)
    values (:record_prefix || :record, :fingerprint, :response, :now)
    on conflict (id) do nothing
    returning 1),
created as (
    insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, updated_at,
                          expires_at, burn_after_reading, edit_token_hash, forked_from)
    select :id::text, nullif(:owner_id::text, ''), :title::text, :body::text, :language::text, :visibility::text,
           :tags::jsonb, :version::bigint, :now::bigint, :now::bigint, nullif(:expires_at::bigint, 0),
           :burn_after_reading::integer, ''::text, ''::text
    where exists (select 1 from record) returning 1)
select count(*) from created;
