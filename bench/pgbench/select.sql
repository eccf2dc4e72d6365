-- One snippet by its id, as a prepared statement: what a server does that asks for one row at a time.
-- It must follow load_snippets (src/store/sql_store.cpp, postgres_store.cpp), with `= id` for `= any(ids)`.
-- The variables first, rows, each, stride and n come from lib/cold.py; the walk is the one of load.cpp.
\set id :first + (:client_id * :each + :n) * :stride % :rows
\set n :n + 1
select s.id, s.title, s.body, s.language, s.visibility, s.tags, coalesce(s.owner_id, ''), coalesce(a.username, ''),
       s.version, coalesce(v.count, 0), s.created_at, s.updated_at, coalesce(s.expires_at, 0), s.burn_after_reading,
       s.edit_token_hash, s.forked_from
from snippets s left join accounts a on a.id = s.owner_id left join snippet_views v on v.snippet_id = s.id
where s.id = :id;
