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
local INTEGER = '^%-?%d+$'   -- tonumber alone would take '0x1', '1e1' and ' 5'
local find = string.find

-- exact gives the number that v is written as, or nil.
local function exact(v)
  local n = v and find(v, INTEGER) and tonumber(v)
  return n and n <= MAX and n >= -MAX and n or nil
end

if #ARGV ~= 9 then return {-9, 0, 0, 0} end
for i = 1, 9 do
  local v = ARGV[i]
  if not find(v, INTEGER) or #v > 15 and not exact(v) then return {-9, 0, 0, 0} end
end
local epoch, seq, from_seq = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local held = redis.pcall('HMGET', KEYS[1], 'e', 's', 'a')
if held.err then
  if find(held.err, '^WRONGTYPE') then return {-8, 0, 0, 0} end
  return held -- the server's own trouble: nothing was written
end

local code
local e, s, a = exact(held[1]), exact(held[2]), exact(held[3])
if e and s and a then
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
