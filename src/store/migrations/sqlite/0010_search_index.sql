-- What snippets can be found by (store/search_terms.hpp): numbers, which tell the snippets that may be the answer.
-- Filled in by a job (docs/decisions/0040-search-index.md).
create table search_terms (
    doc integer primary key,  -- in the order of time: see store/sqlite_search.cpp
    snippet_id text not null unique references snippets (id) on delete cascade,
    terms text not null       -- as the index has it, packed
);
create virtual table search_index using fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');

-- What has been written and is not in the index yet, once for each write.
create table search_pending (
    n integer primary key autoincrement,  -- never the same again: several processes take what is waiting
    snippet_id text not null
);
create trigger snippets_to_index after insert on snippets begin
    insert into search_pending (snippet_id) values (new.id);
end;
create trigger snippets_to_index_again
    after update of title, size, language, visibility, tags, owner_id, burn_after_reading on snippets begin
    insert into search_pending (snippet_id) values (new.id);
end;
insert into search_pending (snippet_id) select id from snippets;

-- What is in the index, and no snippet any more. FTS5 has to be told all that it has taken.
create table search_dropped (
    doc integer primary key,
    terms text not null
);
create trigger search_terms_dropped after delete on search_terms begin
    insert into search_dropped (doc, terms) values (old.doc, old.terms);
end;
