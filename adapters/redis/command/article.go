package command

import (
	"strconv"
	"strings"

	"stockproof/inventory/port"
)

func (c Command) acceptStock(reply any, remaining *int64) error {
	n, ok := reply.(int64)
	if !ok {
		return c.odd(reply)
	}
	*remaining = n
	return nil
}

func (c Command) acceptReplication(o *port.ReadReplication, reply any) error {
	info, ok := bulk(reply)
	if !ok {
		return c.odd(reply)
	}
	for line := range strings.SplitSeq(info, "\n") {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "master_replid:"); ok && id != "" {
			o.ReplID = id
			return nil
		}
	}
	return c.Fail(port.ErrContract, "INFO replication names no master_replid")
}

// StockChange is one change of an article's stock key, as it was made inside the server. Nothing else
// knows what was deducted: a reply may be lost, and a script that fails half way has deducted.
type StockChange struct {
	Op            string // "deduct", "credit" or "set stock"
	Key           string // the stock key
	SKU           string
	Order         string // "" for "set stock"
	Before, After int64  // units; a missing key is 0
}

// Delta is the change in units: negative for a deduction.
func (c StockChange) Delta() int64 { return c.After - c.Before }

// ParseStockKey takes a stock key apart. Token is the token key of the same script, or "": it tells
// the SKU where the stock key alone is ambiguous ("A}_1" against shard 1 of "A").
func ParseStockKey(key, token string) (sku, order string, ok bool) {
	body, ok := strings.CutPrefix(key, "stock:{")
	if !ok {
		return "", "", false
	}
	for end := len(body); end > 0; {
		end = strings.LastIndexByte(body[:end], '}')
		if end < 0 {
			break
		}
		if !shardSuffix(body[end+1:]) {
			continue
		}
		sku = body[:end]
		if token == "" {
			return sku, "", true
		}
		if order, ok = strings.CutPrefix(token, TokenKey(sku, "")); ok {
			return sku, order, true
		}
	}
	return "", "", false
}

func shardSuffix(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(s, "_"))
	return err == nil && n > 0 && s == "_"+strconv.Itoa(n)
}
