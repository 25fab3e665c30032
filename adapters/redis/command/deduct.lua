-- deduct: the article's script, step for step. What it does not check is the point, see
-- inventory/article/doc.go. It must not be improved.
--
-- KEYS[1]  stock:{SKU}   KEYS[2]  idempotent:{SKU}:ORDER
-- ARGV[1]  quantity      ARGV[2]  life of the token, seconds

if redis.call('EXISTS', KEYS[2]) == 1 then
  return redis.error_reply('ALREADY_PROCESSED')
end
local stock = tonumber(redis.call('GET', KEYS[1]) or '0')
local qty = tonumber(ARGV[1])
if stock < qty then
  return redis.error_reply('INSUFFICIENT_STOCK')
end
redis.call('DECRBY', KEYS[1], qty)
redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])
return stock - qty
