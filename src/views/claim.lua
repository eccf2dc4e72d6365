-- Takes a shard's live counts away to be applied: all at once, under a batch id that stays with them until they have
-- been. A claim that is there already is not taken over before its holder's time is up, and never mixed with new
-- counts.
--
-- KEYS: the shard's live counts, its claim, its turn. ARGV: the drainer, a batch id for a new claim, for how long the
-- claim is the drainer's alone in ms, and how long the shard's next turn is off in ms (0: no matter whose turn it is).
-- Answers the claim's fields and values: `:batch`, `:by`, `:until`, and the counts by id; or nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[2], ':batch', ':by', ':until')
if held[1] then
    if held[2] ~= ARGV[1] and tonumber(held[3]) > now then return {} end
else
    if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
    if ARGV[4] ~= '0' and not redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[4]) then return {} end
    redis.call('RENAME', KEYS[1], KEYS[2])
    redis.call('HSET', KEYS[2], ':batch', ARGV[2])
end
redis.call('HSET', KEYS[2], ':by', ARGV[1], ':until', string.format('%.0f', now + ARGV[3]))
return redis.call('HGETALL', KEYS[2])
