package debezium_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
	"stockproof/model"
)

// rawConfig is testdata/envelopes/connectors/raw-table.json.
var rawConfig = debezium.Config{
	TopicPrefix: "raw", Database: "app", Tables: []string{"public.orders", "public.heartbeat"},
	Keys:   []debezium.TableKey{{"public.orders", []string{"sku_id"}}, {"public.heartbeat", []string{"id"}}},
	Routes: []debezium.Route{{`raw\.public\.orders`, "order.created"}}, Transaction: true,
	RunID: "01a204e2-3ff3-7e44-9d96-e6fd3778fd6f",
}

// TestEncoderWritesTheCapturedBytes decodes the captured rows, rebuilds the changes of the slot,
// encodes them again and wants every byte of key, value and headers back, on the same partition and in
// the same order there; transaction records included.
func TestEncoderWritesTheCapturedBytes(t *testing.T) {
	var want []port.Record
	for _, rec := range append(records(t, "raw-table.jsonl"), records(t, "raw-transaction.jsonl")...) {
		if !strings.Contains(string(rec.Value), `"op":"r"`) { // the initial snapshot is not in the slot
			want = append(want, rec)
		}
	}
	want = append(want, records(t, "heartbeat.jsonl")[4:6]...) // rows of the heartbeat table
	got := map[string][]port.Record{}
	for _, rec := range encodeAll(t, rawConfig, rebuild(t, want)) {
		n := int32(4)
		if rec.Topic == "raw.public.heartbeat" {
			n = 1
		}
		at := fmt.Sprintf("%s[%d]", rec.Topic, model.Partition(rec.Key, n))
		if key := string(rec.Key); !strings.HasPrefix(key, `{"id":"735:`) && !strings.HasPrefix(key, `{"id":"736:`) {
			got[at] = append(got[at], rec) // the heartbeats' BEGIN and END were not kept
		}
	}
	for _, w := range want {
		at := fmt.Sprintf("%s[%d]", w.Topic, w.Partition)
		if len(got[at]) == 0 {
			t.Errorf("%s: nothing encoded for offset %d", at, w.Offset)
			continue
		}
		sameRecord(t, fmt.Sprintf("%s@%d", at, w.Offset), got[at][0], w)
		got[at] = got[at][1:]
	}
	for at, rest := range got {
		if len(rest) > 0 {
			t.Errorf("%s: %d records too many, the first is %s", at, len(rest), rest[0].Value)
		}
	}
}

func sameRecord(t *testing.T, at string, got, want port.Record) {
	t.Helper()
	if string(got.Key) != string(want.Key) || (got.Key == nil) != (want.Key == nil) {
		t.Errorf("%s: key\n got %s\nwant %s", at, got.Key, want.Key)
	}
	if string(got.Value) != string(want.Value) || (got.Value == nil) != (want.Value == nil) {
		t.Errorf("%s: value\n got %s\nwant %s", at, got.Value, want.Value)
	}
	if len(got.Headers)+len(want.Headers) > 0 && !reflect.DeepEqual(got.Headers, want.Headers) {
		t.Errorf("%s: headers\n got %s\nwant %s", at, got.Headers, want.Headers)
	}
}

// slotChange is a change with the processing times of the records it became.
type slotChange struct {
	port.Change
	atNS []int64
}

// rebuild is the inverse of the encoder: from decoded records to the changes of the slot, in order.
func rebuild(t *testing.T, recs []port.Record) []slotChange {
	var rows []*debezium.Row
	commits := map[int64]uint64{} // by xid
	for _, rec := range recs {
		ev, err := debezium.Decoder{}.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case ev.Row != nil:
			rows = append(rows, ev.Row)
		case ev.Transaction != nil && !ev.Transaction.Begin:
			xid, lsn, _ := strings.Cut(ev.Transaction.ID, ":")
			x, _ := strconv.ParseInt(xid, 10, 64)
			commits[x], _ = strconv.ParseUint(lsn, 10, 64)
		}
	}
	slices.SortFunc(rows, func(a, b *debezium.Row) int { return cmp.Compare(a.AtNS, b.AtNS) })
	var out []slotChange
	for _, r := range rows {
		if r.OldKey != nil { // the second half of an update: complete the first
			u := &out[len(out)-1]
			u.Op, u.After, u.atNS = 'u', native(t, r.After), append(u.atNS, r.AtNS)
			continue
		}
		out = append(out, slotChange{port.Change{
			Schema: r.Schema, Table: r.Table, Op: r.Op, LSN: r.Source.LSN, CommitLSN: commits[r.Source.TxID],
			PrevCommitLSN: r.Source.PrevCommitLSN, XID: r.Source.TxID, Ordinal: int(r.Transaction.Order),
			At: r.Source.AtUS, Before: native(t, r.Before), After: native(t, r.After)}, []int64{r.AtNS}})
	}
	for i := range out {
		out[i].Last = i+1 == len(out) || out[i+1].XID != out[i].XID
	}
	return out
}

// native turns columns back into the types of the slot.
func native(t *testing.T, cs []port.Column) []port.Column {
	out := slices.Clone(cs)
	for i, c := range cs {
		s, ok := c.Value.(string)
		switch {
		case ok && c.Name == "order_id":
			id, err := model.ParseID(s)
			if err != nil {
				t.Fatal(err)
			}
			out[i].Value = [16]byte(id)
		case ok && c.Name == "price":
			b, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				t.Fatal(err)
			}
			out[i].Value = b
		}
	}
	return out
}

func encodeAll(t *testing.T, cfg debezium.Config, changes []slotChange) []port.Record {
	var times []int64
	now := func() int64 {
		at := times[0]
		times = times[1:]
		return at
	}
	enc, err := debezium.NewEncoder(cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	var out []port.Record
	for i, c := range changes {
		times = nil
		if i == 0 || changes[i-1].XID != c.XID {
			times = append(times, 0) // BEGIN
		}
		times = append(append(times, c.atNS...), 0) // END
		if out, err = enc.Encode(out, c.Change); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// outboxConfig is testdata/envelopes/connectors/outbox-string.json.
var outboxConfig = debezium.Config{
	TopicPrefix: "inv2", Database: "app", Tables: []string{"public.inventory_outbox"},
	Outbox:       &debezium.Outbox{Table: "public.inventory_outbox", Replacement: "${routedByValue}2"},
	KeyConverter: debezium.StringConverter, ValueConverter: debezium.StringConverter,
	Delete: debezium.WithoutTombstone,
}

func TestEncoderWritesTheCapturedOutboxMessages(t *testing.T) {
	enc, err := debezium.NewEncoder(outboxConfig, func() int64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	want := records(t, "outbox-string.jsonl")
	if len(want) != 2 {
		t.Fatalf("%d records, 2 were captured", len(want))
	}
	for i, w := range want {
		ev, err := debezium.Decoder{}.Decode(w)
		if err != nil {
			t.Fatal(err)
		}
		m := ev.Outbox
		var seq any
		if m.Seq != "" {
			n, err := strconv.ParseInt(m.Seq, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			seq = n
		}
		got, err := enc.Encode(nil, port.Change{Schema: "public", Table: "inventory_outbox", Op: 'c', XID: int64(i + 1),
			Ordinal: 1, Last: true, After: []port.Column{
				{Name: "id", Value: [16]byte(m.ID)}, {Name: "aggregatetype", Value: strings.TrimSuffix(w.Topic, "2")},
				{Name: "aggregateid", Value: string(m.Aggregate)}, {Name: "type", Value: m.EventType},
				{Name: "payload", Value: string(m.Payload)}, {Name: "seq", Value: seq}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Topic != w.Topic || model.Partition(got[0].Key, 4) != w.Partition {
			t.Fatalf("got %v, want one record in %s[%d]", got, w.Topic, w.Partition)
		}
		sameRecord(t, w.Topic, got[0], w)
	}
}

func TestEncoderWritesTheCapturedHeartbeats(t *testing.T) {
	mixed := debezium.Config{TopicPrefix: "inv", KeyConverter: debezium.StringConverter}
	configs := map[string]debezium.Config{"raw": rawConfig, "inv": mixed, "inv2": outboxConfig}
	beats := 0
	for _, want := range records(t, "heartbeat.jsonl") {
		server, ok := strings.CutPrefix(want.Topic, "__debezium-heartbeat.")
		if !ok {
			continue
		}
		beats++
		ev, err := debezium.Decoder{}.Decode(want)
		if err != nil {
			t.Fatal(err)
		}
		enc, err := debezium.NewEncoder(configs[server], func() int64 { return ev.Heartbeat.AtMS * 1_000_000 })
		if err != nil {
			t.Fatal(err)
		}
		got := enc.Heartbeat()
		sameRecord(t, want.Topic, got, want)
		same(t, "topic", got.Topic, want.Topic)
	}
	same(t, "heartbeats", beats, 5)
}
