-- The flushes of each process and shard in the batch that was applied last: a batch with one of these or an older one
-- in it is of a Redis that went another way, and has been counted in part.
create table view_flushes (
    flusher text primary key,
    first_flush bigint not null,
    last_flush bigint not null,
    applied_at bigint not null
);
create index view_flushes_by_time on view_flushes (applied_at);
