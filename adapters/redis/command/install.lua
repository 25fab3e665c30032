-- install: the compare-and-set of one lane's absolute state on (epoch, seq).
--
-- KEYS[1]  the lane's hash
-- ARGV     epoch seq from_seq avail on_hand reserved limit ver at
-- Reply    {code, epoch, seq, avail} of what is stored afterwards, never an error:
--   1 newer: installed           0 same epoch, seq not newer: a duplicate or an older record
--   2 newer, with a gap before  -2 of an epoch that is over
--   3 there was nothing         -8 the key holds no hash
--   4 what was there was unreadable  -9 an argument is no integer within 2^53-1
--
-- Everything is checked before the one write, so there is no partial effect.

local MAX = 9007199254740991 -- 2^53-1: beyond it a Lua number is not exact

local function exact(n) return n and n <= MAX and n >= -MAX end

-- One pattern for all nine: a comma inside an argument would be one too many.
-- tonumber alone would take '0x1', '1e1' and ' 5'.
if #ARGV ~= 9 or not string.find(table.concat(ARGV, ','),
    '^%-?%d+,%-?%d+,%-?%d+,%-?%d+,%-?%d+,%-?%d+,%-?%d+,%-?%d+,%-?%d+$') then
  return {-9, 0, 0, 0}
end
for i = 1, 9 do -- up to 15 characters are exact anyway
  if #ARGV[i] > 15 and not exact(tonumber(ARGV[i])) then return {-9, 0, 0, 0} end
end
local epoch, seq, from_seq = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local held = redis.pcall('HMGET', KEYS[1], 'e', 's', 'a')
if held.err then
  if string.find(held.err, '^WRONGTYPE') then return {-8, 0, 0, 0} end
  return held -- the server's own trouble: nothing was written
end

-- What this script wrote are three exact integers; anything else is unreadable.
local code, e, s, a
if held[1] and held[2] and held[3] and
    string.find(table.concat(held, ','), '^%-?%d+,%-?%d+,%-?%d+$') then
  e, s, a = tonumber(held[1]), tonumber(held[2]), tonumber(held[3])
end
if exact(e) and exact(s) and exact(a) then
  if epoch < e then return {-2, e, s, a} end
  if epoch == e and seq <= s then return {0, e, s, a} end
  code = from_seq > s + 1 and 2 or 1
elseif redis.call('EXISTS', KEYS[1]) == 0 then
  code = 3
else
  code = 4
end

redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', ARGV[2], 'a', ARGV[4], 'on_hand', ARGV[5],
  'reserved', ARGV[6], 'limit', ARGV[7], 'ver', ARGV[8], 'at', ARGV[9])
return {code, epoch, seq, tonumber(ARGV[4])}
