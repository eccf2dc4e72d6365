-- Views over time, for the owner's statistics: written with the batch that counts them, kept for 400 days.
create table snippet_view_hours (
    snippet_id text not null references snippets (id) on delete cascade,
    hour bigint not null,  -- since 1970-01-01T00Z
    count bigint not null,
    primary key (snippet_id, hour)
);
create index snippet_view_hours_by_hour on snippet_view_hours (hour);
