#!lua flags=allow-oom
-- Looks for a snippet, and grants whoever misses it a lease to load it, unless somebody has one already: one round
-- trip, one step, one slot.
--
-- KEYS: the snippet's hash. ARGV: the mark of the reign (cache/reign.hpp), the caller's token, how long a lease lasts
-- in ms, the time to live in ms at and below which an entry is as good as none (0 for a reader; more for who refreshes
-- it before its end), the cache's share of the server's memory in percent, and from there on the wanted fields.
-- Answers {1, time to live in ms, fields} for an entry, {2} while another one's lease runs, {3} when it is granted, {4}
-- when there is no room for an entry.
--
-- What has been written under another reign is not believed: after a restart or a failover a server may remember what
-- it, or the one before it, had been told to forget.
--
-- A server that is full does not refuse it (allow-oom), since what is there can be read; before it writes it looks for
-- room itself, see fill.lua.
local held = redis.call('HMGET', KEYS[1], 'server', 'kind', 'token', 'leased_until')
local ours = held[1] == ARGV[1]
local left = redis.call('PTTL', KEYS[1])
if ours and held[2] and left > tonumber(ARGV[4]) then
    return {1, left, redis.call('HMGET', KEYS[1], unpack(ARGV, 6))}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ours and held[3] and tonumber(held[4]) > now then return {2} end

local memory = redis.pcall('INFO', 'memory')
if type(memory) ~= 'string' then return {4} end
local used, most = string.match(memory, '\nused_memory:(%d+)'), string.match(memory, '\nmaxmemory:(%d+)')
if most ~= '0' and used * 100 > most * ARGV[5] then return {4} end

if not (ours and held[2] and left > 0) then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'server', ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'leased_until', string.format('%.0f', now + ARGV[3]))
return {3}
