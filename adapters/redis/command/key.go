package command

import (
	"strconv"
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

// LaneKey is the key of a lane's hash: space:{enc(sku)}:enc(loc). All lanes of a SKU share a slot.
func LaneKey(space string, lane model.LaneKey) string {
	return space + ":{" + model.EncodeKey(string(lane.SKU)) + "}:" + model.EncodeKey(string(lane.Loc))
}

// BeatKey is the key of a partition's heartbeat: hb:<partition> for the speed layer itself,
// <space>:hb:<partition> for a feed.
func BeatKey(space string, partition int32) string {
	key := "hb:" + strconv.FormatInt(int64(partition), 10)
	if space == port.SpeedSpace {
		return key
	}
	return space + ":" + key
}

// StockKey is the article's stock key, as published: stock:{SKU}, and stock:{SKU}_n for shard n > 0.
func StockKey(sku string, shard int) string {
	key := "stock:{" + sku + "}"
	if shard > 0 {
		key += "_" + strconv.Itoa(shard)
	}
	return key
}

// TokenKey is the article's idempotency token, as published: idempotent:{SKU}:ORDER.
func TokenKey(sku, order string) string { return "idempotent:{" + sku + "}:" + order }

// KeySKU is the SKU that a key belongs to, for audits; false: it is of none, as a heartbeat's. Of the
// article's keys, which have no codec, it is what stands before the first closing brace.
func KeySKU(key string) (sku string, ok bool) {
	before, rest, _ := strings.Cut(key, "{")
	tag, _, ok := strings.Cut(rest, "}")
	if !ok || before == "stock:" || before == "idempotent:" {
		return tag, ok
	}
	sku, err := model.DecodeKey(tag)
	return sku, err == nil
}

// Slots is the number of hash slots of a Cluster.
const Slots = 16384

// Slot is the hash slot of key: CRC16 (XMODEM) of the text between the first '{' and the next '}'
// if there is any, else of the whole key, modulo 16384. Source: the Redis Cluster specification,
// "Hash tags".
func Slot(key string) int {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if tag := strings.IndexByte(key[open+1:], '}'); tag > 0 {
			key = key[open+1 : open+1+tag]
		}
	}
	var crc uint16
	for i := 0; i < len(key); i++ {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc % Slots)
}
