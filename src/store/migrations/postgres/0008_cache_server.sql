-- The Redis server that all instances agree to keep their caches in: at most one row.
create table cache_server (
    one integer primary key check (one = 1),
    run_id text not null,     -- of the server; empty: none
    epoch bigint not null,    -- one more with each other server
    seen_at bigint not null   -- by the database's own clock
);
