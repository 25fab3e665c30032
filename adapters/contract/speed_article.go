package contract

import (
	"context"
	"errors"
	"testing"

	"stockproof/inventory/port"
)

const (
	stockKey = "stock:{SKU-101}"
	tokenKey = "idempotent:{SKU-101}:o1"
)

func deduct(qty, ttl string) *port.Deduct {
	return &port.Deduct{SKU: "SKU-101", Order: "o1", Qty: qty, TTL: ttl}
}

func articleBranches(t *testing.T, b *SpeedBed) {
	op := deduct("1", "86400")
	b.do(t, op)
	if op.Reply != port.DeductInsufficient {
		t.Errorf("a missing key is 0 units: reply %d", op.Reply)
	}
	b.holds(t, tokenKey, "") // a refusal is not remembered
	b.holds(t, stockKey, "")

	b.do(t, &port.SetStock{SKU: "SKU-101", Stock: 5})
	op = deduct("6", "86400")
	b.do(t, op)
	if op.Reply != port.DeductInsufficient {
		t.Errorf("5 units for an order of 6: reply %d", op.Reply)
	}
	op = deduct("5", "86400")
	b.do(t, op)
	if op.Reply != port.DeductOK || op.Remaining != 0 {
		t.Errorf("the last 5 units: reply %d, remaining %d", op.Reply, op.Remaining)
	}
	b.holds(t, tokenKey, "1")
	if ttl, ok := b.raw(t, "TTL", tokenKey).(int64); !ok || ttl < 86000 || ttl > 86400 {
		t.Errorf("the token lives %v s, want about 86400", ttl)
	}
	op = deduct("999", "86400")
	b.do(t, op)
	if op.Reply != port.DeductAlready {
		t.Errorf("a duplicate: reply %d", op.Reply)
	}
	b.holds(t, stockKey, "0")

	credit := &port.Credit{SKU: "SKU-101", Order: "r1", Qty: "4", TTL: "86400"}
	b.do(t, credit)
	if credit.Reply != port.DeductOK || credit.Remaining != 4 {
		t.Errorf("a credit: %+v", *credit)
	}
	credit = &port.Credit{SKU: "SKU-101", Order: "r1", Qty: "4", TTL: "86400"}
	b.do(t, credit)
	if credit.Reply != port.DeductAlready {
		t.Errorf("a credit twice: %+v", *credit)
	}
	b.holds(t, stockKey, "4")

	shard := deduct("1", "86400")
	shard.Shard = 2
	b.raw(t, "SET", "stock:{SKU-101}_2", "8")
	b.do(t, shard)
	if shard.Reply != port.DeductAlready {
		t.Errorf("the token is the SKU's, not the shard's: reply %d", shard.Reply)
	}
	shard = &port.Deduct{SKU: "SKU-101", Shard: 2, Order: "o2", Qty: "1", TTL: "86400"}
	b.do(t, shard)
	b.holds(t, "stock:{SKU-101}_2", "7")
	b.holds(t, stockKey, "4")
}

func deductHasNoRollback(t *testing.T, b *SpeedBed) {
	for _, ttl := range []string{"0", "86400.0", "-1", "", "x"} {
		b.raw(t, "SET", stockKey, "10")
		for _, left := range []string{"7", "4"} { // F30: once more at every redelivery
			b.refused(t, deduct("3", ttl), stockKey)
			b.holds(t, stockKey, left)
		}
		b.holds(t, tokenKey, "")
		b.refused(t, &port.Credit{SKU: "SKU-101", Order: "o1", Qty: "3", TTL: ttl}, stockKey)
		b.holds(t, stockKey, "7")
	}
}

func deductTakesNumbers(t *testing.T, b *SpeedBed) {
	type result struct {
		qty, left string // left "" = raises, nothing written
		plain     bool   // what gopher-lua's tonumber takes too
	}
	for _, c := range []result{
		{"2", "48", true}, {"0x2", "48", true}, {"-7", "57", true}, {"0", "50", true}, {" 2 ", "48", true},
		{"1e1", "40", false}, {"1e0", "49", false}, {"0x1p1", "48", false}, {"2.0", "48", true}, {"05", "45", true},
		{"1.5", "", true}, {"", "", true}, {"nan", "", false}, {"two", "", true}, {"-0", "", false},
	} {
		if b.PlainLua && !c.plain {
			continue
		}
		b.raw(t, "SET", stockKey, "50")
		b.raw(t, "DEL", tokenKey)
		op := deduct(c.qty, "86400")
		if c.left == "" {
			b.refused(t, op, stockKey)
			b.holds(t, stockKey, "50")
			b.holds(t, tokenKey, "")
			continue
		}
		b.do(t, op)
		if op.Reply != port.DeductOK {
			t.Errorf("quantity %q: reply %d", c.qty, op.Reply)
		}
		b.holds(t, stockKey, c.left)
		b.holds(t, tokenKey, "1")
	}
	b.raw(t, "DEL", tokenKey)
	op := deduct("-3", "86400")
	b.raw(t, "DEL", stockKey)
	b.do(t, op)
	b.holds(t, stockKey, "3") // a negative order on a missing key makes stock

	for _, bad := range []string{"x", "10.0", ""} {
		b.raw(t, "DEL", tokenKey)
		b.raw(t, "SET", stockKey, bad)
		b.refused(t, deduct("1", "86400"), stockKey)
		b.holds(t, stockKey, bad)
	}
	b.raw(t, "DEL", stockKey)
	b.raw(t, "HSET", stockKey, "a", "1")
	b.refused(t, deduct("1", "86400"), stockKey, "WRONGTYPE")
	b.refused(t, &port.Credit{SKU: "SKU-101", Order: "o1", Qty: "1", TTL: "86400"}, stockKey, "WRONGTYPE")
}

func tokenExpires(t *testing.T, b *SpeedBed) {
	b.do(t, &port.SetStock{SKU: "SKU-101", Stock: 10})
	b.do(t, deduct("4", "86400"))
	b.Expire(tokenKey)
	op := deduct("4", "86400")
	b.do(t, op)
	if op.Reply != port.DeductOK || op.Remaining != 2 {
		t.Errorf("after its token expired an order deducts again (F7): %+v", *op)
	}
}

func blindStock(t *testing.T, b *SpeedBed) {
	get := func() *port.GetStock { return &port.GetStock{SKU: "SKU-101"} }
	op := get()
	b.do(t, op)
	if op.Found {
		t.Errorf("stock that nobody set: %+v", *op)
	}
	b.do(t, &port.SetStock{SKU: "SKU-101", Stock: -5})
	op = get()
	b.do(t, op)
	if !op.Found || op.Stock != -5 {
		t.Errorf("read %+v, want -5", *op)
	}
	b.raw(t, "DEL", stockKey)
	b.raw(t, "HSET", stockKey, "a", "1")
	b.refused(t, get(), stockKey, "WRONGTYPE")
	b.do(t, &port.SetStock{SKU: "SKU-101", Stock: 6}) // a SET asks for no type
	b.raw(t, "SET", stockKey, "6.5")
	b.refused(t, get(), stockKey, `"6.5"`)

	shards := []*port.SetStock{{SKU: "", Stock: 1}, {SKU: "}x", Stock: 2}, {SKU: "A}B", Stock: 3}, {SKU: "A", Shard: 1, Stock: 4}}
	for _, s := range shards {
		if err := b.Speed.Do(context.Background(), s); errors.Is(err, port.ErrContract) {
			t.Errorf("one key is never in two slots: %v", err)
		}
	}
	for key, want := range map[string]string{"stock:{}": "1", "stock:{}x}": "2", "stock:{A}B}": "3", "stock:{A}_1": "4"} {
		b.holds(t, key, want)
	}
}
