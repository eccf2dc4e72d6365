-- Charges one request, if the limit leaves room for it: one round trip, one step, one slot.
--
-- KEYS: the counter of the window that the caller takes for the current one, and that of the one before.
-- ARGV: that window's number, its length in ms, the quota, 1 for a sliding window, 0 for a fixed one, and what the
-- request costs.
-- Answers {status, previous, current, now in ms}: status is 1 admitted, 0 limited, -1 when it is not that window any
-- more; the counts are those before the charge. The clock is Redis's own, so all instances agree.
--
-- The arithmetic is that of window.hpp.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(ARGV[2])
if math.floor(now / window) ~= tonumber(ARGV[1]) then return {-1, 0, 0, now} end

local current = tonumber(redis.call('GET', KEYS[1]) or 0)
local previous = 0
if ARGV[4] == '1' then previous = tonumber(redis.call('GET', KEYS[2]) or 0) end

local elapsed = now % window
local cost = tonumber(ARGV[5])
local left = tonumber(ARGV[3]) * window - previous * (window - elapsed) - current * window
if left < cost * window then return {0, previous, current, now} end

if current == 0 then
    -- With its time to live from the first moment: no counter outlives its use, whatever happens next. A sliding
    -- window still weighs it in the window after.
    local kept = window - elapsed
    if ARGV[4] == '1' then kept = kept + window end
    redis.call('SET', KEYS[1], cost, 'PX', kept)
else
    redis.call('INCRBY', KEYS[1], cost)
end
return {1, previous, current, now}
