-- Drops the entries of an index that were marked by a time. KEYS are the index and its marks; ARGV[1]
-- is the time, then come the entries. Returns how many it dropped, and which aren't marked yet.

local index, marks = KEYS[1], KEYS[2]
local dropped, new = 0, {}
for number = 2, #ARGV do
  local marked_at = redis.call('ZSCORE', marks, ARGV[number])
  if not marked_at then
    new[#new + 1] = ARGV[number]
  elseif tonumber(marked_at) <= tonumber(ARGV[1]) then
    dropped = dropped + redis.call('ZREM', index, ARGV[number])
    redis.call('ZREM', marks, ARGV[number])
  end
end
return {dropped, new}
