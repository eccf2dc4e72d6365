-- Invalidations of cached snippets that Redis may not have taken yet: written with the row's own change, removed after
-- delivery. `floor` is the lowest version that may still be served; 9223372036854775807 after a deletion.
create table invalidation_outbox (
    snippet_id text not null,
    floor bigint not null,
    created_at bigint not null,  -- by the database's own clock
    primary key (snippet_id, floor)
);
