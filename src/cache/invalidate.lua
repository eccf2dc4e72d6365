#!lua flags=allow-oom
-- Removes a snippet's entry, and any lease to fill it, when it is older than `floor`; remembers the floor in a
-- tombstone for as long as a load can be under way; tells all instances.
--
-- KEYS: the snippet's hash, its tombstone. ARGV: the floor, how long the tombstone stands in ms, the channel, the
-- message. May be repeated: an entry that is new enough stays. A full server does not refuse it: what is old has to go.
local version = redis.call('HGET', KEYS[1], 'version')
if not version or tonumber(version) < tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end
local floor = redis.call('GET', KEYS[2])
if not floor or tonumber(floor) <= tonumber(ARGV[1]) then floor = ARGV[1] end
redis.call('SET', KEYS[2], floor, 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
