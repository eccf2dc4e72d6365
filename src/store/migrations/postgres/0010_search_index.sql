-- What snippets can be found by (store/search_terms.hpp): numbers, which tell the snippets that may be the answer. No
-- extension is needed for it. Filled in by a job (docs/decisions/0040-search-index.md).
create table search_terms (
    snippet_id text primary key references snippets (id) on delete cascade,
    created_at bigint not null,  -- of the snippet
    terms integer[] not null
) with (toast_tuple_target = 8160);  -- those of most snippets stay in the row, where looking at them is cheap
-- The list of what is written to the index and not yet in it is read by every search, so it is kept short.
create index search_terms_by_term on search_terms using gin (terms) with (gin_pending_list_limit = 1024);
-- By the bytes of the ids, whatever the locale: lists are put together outside of the database as well.
create index search_terms_by_time on search_terms (created_at desc, snippet_id collate "C" desc);

-- What has been written and is not in the index yet, once for each write. What is there already is looked through for
-- the first index.
create table search_pending (
    n bigint generated always as identity primary key,
    snippet_id text not null
);
create function note_search_pending() returns trigger language plpgsql as $note$
begin
    insert into search_pending (snippet_id) values (new.id);
    return null;
end
$note$;
-- By a trigger, so that what instances of the release before write is found, too.
create trigger snippets_to_index
    after insert or update of title, body, language, visibility, tags, owner_id, burn_after_reading on snippets
    for each row execute function note_search_pending();
insert into search_pending (snippet_id) select id from snippets;
