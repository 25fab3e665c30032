package debezium_test

import (
	"testing"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
)

// BenchmarkDecodeOrder reads a row of the article's topic, without and with schemas.
func BenchmarkDecodeOrder(b *testing.B) {
	for _, c := range []struct {
		name, file string
		line       int
	}{{"plain", "raw-table.jsonl", 2}, {"schemas", "raw-table-schemas.jsonl", 1}} {
		b.Run(c.name, func(b *testing.B) {
			rec := records(b, c.file)[c.line-1]
			b.ReportAllocs()
			b.SetBytes(int64(len(rec.Value)))
			for b.Loop() {
				if o, err := (debezium.Decoder{}).OrderEvent(rec); err != nil || o.Class != "row" {
					b.Fatal(o, err)
				}
			}
		})
	}
}

// BenchmarkEncode writes one row of a raw table and one outbox message.
func BenchmarkEncode(b *testing.B) {
	row := port.Change{Schema: "public", Table: "orders", Op: 'c', XID: 1, LSN: 2, Ordinal: 1, At: 3, After: order(1, "SKU-101")}
	for _, c := range []struct {
		name   string
		cfg    debezium.Config
		change port.Change
	}{{"row", rawConfig, row}, {"outbox", outboxConfig, outboxInsert()}} {
		b.Run(c.name, func(b *testing.B) {
			e := encoder(b, c.cfg)
			var recs []port.Record
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if recs, err = e.Encode(recs[:0], c.change); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
