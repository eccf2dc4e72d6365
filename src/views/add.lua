#!lua
-- Adds a process's flush to a shard, once: a flush that is repeated, because its answer was lost, changes nothing.
--
-- The shard's live counts have a batch id from their first count on, under which they are applied one day, and the term
-- in which they were begun: which server it was, and since when it has been taking writes. In another term the server
-- may have come back with an older state of them, or they may have been applied as they were elsewhere. So nothing is
-- added to them any more: they are moved aside and new ones begin.
--
-- KEYS: the shard's live counts, those moved aside, the last flush of each process. ARGV: the process, the flush's
-- number, a batch id for new counts, how many ids the shard may hold, the term to which a repeated flush is bound (''
-- for one that has not been sent before), for how long numbers are remembered in ms, and from there on ids and their
-- counts.
-- Answers {status, dropped, term}. Status 1: it has been counted, now or before; `dropped` views were not because the
-- shard is full, where ids that are there go on counting. 0: not now, what is aside waits to be applied. -1: it is a
-- repeated one and in this term nobody knows of it.
local text = redis.pcall('INFO', 'server', 'replication')
local term = ''
if type(text) == 'string' then
    term = (string.match(text, 'run_id:(%w+)') or '') .. ':' .. (string.match(text, 'master_replid:(%w+)') or '')
end
local last = redis.call('HGET', KEYS[3], ARGV[1])
if last and tonumber(string.match(last, '^%d+')) >= tonumber(ARGV[2]) then return {1, 0, term} end
-- It is in the live counts too, which have no time to live and so are not evicted before that is applied.
local mark = ':flush:' .. ARGV[1]
local held = redis.call('HMGET', KEYS[1], ':batch', ':term', mark)
if held[3] and tonumber(string.match(held[3], '%d+$')) >= tonumber(ARGV[2]) then return {1, 0, term} end
if ARGV[5] ~= '' and ARGV[5] ~= term then return {-1, 0, term} end

if held[1] and held[2] ~= term then
    if redis.call('RENAMENX', KEYS[1], KEYS[2]) == 0 then return {0, 0, term} end
    held = {}
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if not held[1] then redis.call('HSET', KEYS[1], ':batch', ARGV[3], ':term', term, ':since', now) end

local room = tonumber(ARGV[4]) - redis.call('HLEN', KEYS[1])
local dropped = 0
for i = 7, #ARGV, 2 do
    if room > 0 or redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
        local count = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
        if count == tonumber(ARGV[i + 1]) then room = room - 1 end
    else
        dropped = dropped + ARGV[i + 1]
    end
end
local first = held[3] and string.match(held[3], '^%d+') or ARGV[2]
redis.call('HSET', KEYS[1], mark, first .. ':' .. ARGV[2])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. ':' .. now)
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return {1, dropped, term}
