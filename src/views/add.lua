-- Adds a process's flush to a shard, once: a flush that is repeated, because its answer was lost, changes nothing.
--
-- KEYS: the shard's live counts, the sequence number of the last flush of that process. ARGV: the sequence number, how
-- many ids the shard may hold, for how long the number is remembered in ms, and from there on ids and their counts.
-- Answers how many views were dropped because the shard is full: ids that are there go on counting.
local last = redis.call('GET', KEYS[2])
if last and tonumber(last) >= tonumber(ARGV[1]) then return 0 end
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[1])
local dropped = 0
for i = 4, #ARGV, 2 do
    if room > 0 or redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
        local count = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
        if count == tonumber(ARGV[i + 1]) then room = room - 1 end
    else
        dropped = dropped + ARGV[i + 1]
    end
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return dropped
