-- Times are milliseconds since 1970-01-01 UTC: exact, the same in both dialects, and what the API shows.

create table accounts (
    id text primary key,
    username text not null unique,  -- lower case
    password_hash text not null,
    created_at bigint not null
);

create table sessions (
    hash text primary key,
    account_id text not null references accounts on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);
create index sessions_by_account on sessions (account_id);
create index sessions_by_expiry on sessions (expires_at);

create table api_tokens (
    id text primary key,
    account_id text not null references accounts on delete cascade,
    name text not null,
    hash text not null unique,
    created_at bigint not null,
    expires_at bigint
);
create index api_tokens_by_account on api_tokens (account_id);
create index api_tokens_by_expiry on api_tokens (expires_at) where expires_at is not null;

create table snippets (
    id text primary key,
    owner_id text references accounts on delete cascade,  -- null for anonymous
    title text not null,
    body text not null,
    language text not null,
    visibility text not null check (visibility in ('public', 'unlisted', 'private')),
    tags jsonb not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    expires_at bigint,
    burn_after_reading integer not null,
    edit_token_hash text not null,  -- empty unless anonymous
    forked_from text not null       -- empty unless a fork
);
create index snippets_by_owner on snippets (owner_id, created_at desc, id desc) where owner_id is not null;
create index snippets_in_explore on snippets (created_at desc, id desc)
    where visibility = 'public' and burn_after_reading = 0;
create index snippets_by_expiry on snippets (expires_at) where expires_at is not null;

-- What a snippet was before an edit; the current version is in `snippets` alone.
create table revisions (
    snippet_id text not null references snippets on delete cascade,
    version bigint not null,
    title text not null,
    body text not null,
    language text not null,
    visibility text not null,
    created_at bigint not null,
    primary key (snippet_id, version)
);

-- Burned and expired ids, so that their links answer 410 and not 404.
create table gone_snippets (
    id text primary key,
    gone_at bigint not null
);
create index gone_snippets_by_time on gone_snippets (gone_at);

-- In a narrow table of its own, so that counting does not rewrite snippets.
create table snippet_views (
    snippet_id text primary key references snippets on delete cascade,
    count bigint not null
);

-- The ledger: batches that have been applied.
create table view_batches (
    id text primary key,
    applied_at bigint not null
);
create index view_batches_by_time on view_batches (applied_at);

create table idempotency_records (
    id text primary key,
    fingerprint text not null,
    response text not null,
    created_at bigint not null
);
create index idempotency_records_by_time on idempotency_records (created_at);
