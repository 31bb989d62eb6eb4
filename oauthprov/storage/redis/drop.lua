-- Drops the records that are past their expiry plus what their kind is kept. ARGV[1] is the time,
-- then comes what each is kept. Returns how many it dropped.

local dropped = 0
for number, record in ipairs(KEYS) do
  local expires = tonumber(redis.call('GETRANGE', record, 24, 34))
  if expires and expires + ARGV[number + 1] <= tonumber(ARGV[1]) then
    dropped = dropped + redis.call('UNLINK', record)
  end
end
return dropped
