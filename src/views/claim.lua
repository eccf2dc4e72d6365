#!lua flags=allow-oom
-- Takes counts of a shard away to be applied: all at once, under the batch id that they have had since their first one.
-- Those moved aside come first. A claim that is there already is not taken over before its holder's time is up, and
-- never mixed with other counts. It is not refused for want of memory, since it ends in some being freed.
--
-- KEYS: the shard's live counts, those moved aside, its claim, its turn, the last flush of each process. ARGV: the
-- drainer, a batch id for counts without one (those of a version before this), for how long the claim is the drainer's
-- alone in ms, how long the shard's next turn is off in ms (0: no matter whose turn it is), beyond how many processes
-- those are forgotten that have not flushed for so many ms.
-- Answers the claim's fields and values: `:batch`, `:since` and `:until`, a `:flush:PROCESS` with the numbers of the
-- first and the last flush in it for each process, and the counts by id; or nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[3], ':batch', ':by', ':until')
if held[1] then
    -- A time further off than any holder has comes from another server's clock.
    local left = tonumber(held[3]) - now
    if held[2] ~= ARGV[1] and left > 0 and left <= tonumber(ARGV[3]) then return {} end
else
    if redis.call('EXISTS', KEYS[2]) == 1 then
        redis.call('RENAME', KEYS[2], KEYS[3])
    else
        if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
        if ARGV[4] ~= '0' and not redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[4]) then return {} end
        redis.call('RENAME', KEYS[1], KEYS[3])
    end
    redis.call('HSETNX', KEYS[3], ':batch', ARGV[2])
    if redis.call('HLEN', KEYS[5]) > tonumber(ARGV[5]) then
        local flushes = redis.call('HGETALL', KEYS[5])
        for i = 1, #flushes, 2 do
            local at = tonumber(string.match(flushes[i + 1], ':(%d+)$'))
            if now - at > tonumber(ARGV[6]) then redis.call('HDEL', KEYS[5], flushes[i]) end
        end
    end
end
redis.call('HSET', KEYS[3], ':by', ARGV[1], ':until', string.format('%.0f', now + ARGV[3]))
return redis.call('HGETALL', KEYS[3])
