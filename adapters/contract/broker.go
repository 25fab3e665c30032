package contract

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// BrokerRig is one broker under test, with what a test must be able to do to it.
type BrokerRig interface {
	// Client is the connection of one process.
	Client(t *testing.T, id string) port.Broker
	// CreateTopic makes a topic, or an existing one anew.
	CreateTopic(t *testing.T, name string, partitions int32)
	// DeleteRecords is retention: what lies below offset goes.
	DeleteRecords(t *testing.T, topic string, partition int32, offset int64)
	// Evict ends the group membership of a client without telling it.
	Evict(t *testing.T, group, client string)
}

// Broker puts an implementation of [port.Broker] through the suite.
func Broker(t *testing.T, start func(t *testing.T) BrokerRig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, rig BrokerRig)
	}{
		{"records come back as they were produced", brokerKeepsRecords},
		{"a key's partition is the Java client's", brokerPartitions},
		{"an explicit partition is obeyed", brokerExplicitPartition},
		{"a produced batch keeps its order", brokerKeepsOrder},
		{"a bad record is refused before any is written", brokerRefuses},
		{"a missing topic is unavailable", brokerMissingTopic},
		{"End is behind the last record", brokerEnd},
		{"Fetch reads from the position it names", brokerPositions},
		{"Fetch returns at most max", brokerMax},
		{"Fetch waits for a record", brokerBlocks},
		{"linger ends when max is there", brokerLingerFull},
		{"linger ends by itself", brokerLingerEnds},
		{"a cancelled context ends every wait", brokerCancel},
		{"a position below retention is out of range", brokerRetention},
		{"a position behind the end is out of range", brokerBehindEnd},
		{"retention under a reader is out of range", brokerRetentionUnderReader},
		{"a claim begins at the committed offset", brokerCommitted},
		{"a group without offset begins where the log does", brokerNoOffset},
		{"a released partition is offered again", brokerReleased},
		{"a revocation waits for Release and takes commits until then", brokerRevocation},
		{"members join and leave without gap or duplicate", brokerHandover},
		{"an evicted member is fenced and joins again", brokerEviction},
		{"leaving fences the claims", brokerLeave},
		{"a topic made anew is another topic", brokerRemade},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, start(t)) })
	}
}

func brokerKeepsRecords(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	in := []port.Record{
		{Topic: topic, Key: []byte("k"), Value: []byte("v"), At: 1_700_000_000_123},
		{Topic: topic, Key: nil, Value: []byte("null key"), At: 1},
		{Topic: topic, Key: []byte{}, Value: []byte("empty key"), At: 2},
		{Topic: topic, Key: []byte("tombstone"), Value: nil, At: 3},
		{Topic: topic, Key: []byte("k"), Value: []byte{}, At: 4},
		{Topic: topic, Key: []byte{0xff, 0}, Value: []byte{0, 0xfe}, At: 5, Headers: []port.Header{
			{Key: "id", Value: []byte("1")}, {Key: "id", Value: []byte("2")}, {Key: "", Value: nil},
			{Key: "e", Value: []byte{}},
		}},
	}
	if err := f.b.Produce(f.ctx, in...); err != nil {
		t.Fatalf("produce: %v", err)
	}
	_, m := f.join("one")
	out := f.readAll(m, 1)[0]
	if len(out) != len(in) {
		t.Fatalf("read %d records, want %d", len(out), len(in))
	}
	for i := range in {
		if err := sameRecord(in[i], out[i]); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
		if out[i].Offset != int64(i) || out[i].Topic != topic || out[i].Partition != 0 {
			t.Errorf("record %d came from %s[%d] at %d", i, out[i].Topic, out[i].Partition, out[i].Offset)
		}
	}
}

func sameRecord(in, out port.Record) error {
	switch {
	case !sameBytes(in.Key, out.Key):
		return fmt.Errorf("key %#v became %#v", in.Key, out.Key)
	case !sameBytes(in.Value, out.Value):
		return fmt.Errorf("value %#v became %#v", in.Value, out.Value)
	case in.At != out.At:
		return fmt.Errorf("timestamp %d became %d", in.At, out.At)
	case len(in.Headers) != len(out.Headers):
		return fmt.Errorf("headers %v became %v", in.Headers, out.Headers)
	}
	for i, h := range in.Headers {
		if h.Key != out.Headers[i].Key || !sameBytes(h.Value, out.Headers[i].Value) {
			return fmt.Errorf("header %d: %#v became %#v", i, h, out.Headers[i])
		}
	}
	return nil
}

// sameBytes tells null from empty.
func sameBytes(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

func brokerPartitions(t *testing.T, rig BrokerRig) {
	const n = 7
	f := fixture(t, rig, n)
	var rs []port.Record
	for i := range 100 {
		rs = append(rs, port.Record{Topic: topic, Partition: -1, Key: fmt.Appendf(nil, "SKU-%d", i)})
	}
	rs = append(rs,
		port.Record{Topic: topic, Partition: -1, Key: []byte{}, Value: []byte("empty")},
		port.Record{Topic: topic, Partition: -1, Value: []byte("null key")})
	if err := f.b.Produce(f.ctx, rs...); err != nil {
		t.Fatalf("produce: %v", err)
	}
	_, m := f.join("one")
	read := 0
	for p, rs := range f.readAll(m, n) {
		for _, r := range rs {
			read++
			key := r.Key
			if key == nil {
				key = r.Value // a null key orders nothing: the value spreads it
			}
			if want := model.Partition(key, n); int32(p) != want {
				t.Errorf("key %q went to %d, want %d", r.Key, p, want)
			}
		}
	}
	if read != len(rs) {
		t.Errorf("read %d records, want %d", read, len(rs))
	}
}

func brokerExplicitPartition(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 3)
	for p := range int32(3) {
		err := f.b.Produce(f.ctx, port.Record{Topic: topic, Partition: p, Key: []byte("same")})
		if err != nil {
			t.Fatalf("produce: %v", err)
		}
	}
	if _, ends, err := f.b.End(f.ctx, topic); err != nil || !slices.Equal(ends, []int64{1, 1, 1}) {
		t.Errorf("ends %v, %v, want one record each", ends, err)
	}
}

func brokerKeepsOrder(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	var want []string
	for i := range 20 {
		f.put(i*50, 50)
		for j := range 50 {
			want = append(want, fmt.Sprint(i*50+j))
		}
	}
	_, m := f.join("one")
	wantValues(t, f.readAll(m, 1)[0], want...)
}

func brokerRefuses(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	good := port.Record{Topic: topic, Key: []byte("good"), Partition: -1}
	for _, bad := range []port.Record{
		{Topic: topic, Value: make([]byte, 2_000_000)},
		{Topic: topic, Partition: 1},
		{Topic: topic, Partition: -2},
	} {
		err := f.b.Produce(f.ctx, good, bad, good)
		wantClass(t, "produce a bad record", err, port.ErrContract)
	}
	if _, ends, err := f.b.End(f.ctx, topic); err != nil || ends[0] != 0 {
		t.Errorf("ends %v, %v: records of a refused call were written", ends, err)
	}
}

func brokerMissingTopic(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	err := f.b.Produce(f.ctx, port.Record{Topic: "missing", Key: []byte("k")})
	wantClass(t, "produce to a missing topic", err, port.ErrUnavailable)
	_, _, err = f.b.End(f.ctx, "missing")
	wantClass(t, "end of a missing topic", err, port.ErrUnavailable)
	_, err = f.b.Join(f.ctx, group, "missing")
	wantClass(t, "join on a missing topic", err, port.ErrUnavailable)
}

func brokerEnd(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 2)
	f.put(0, 3)
	id, ends, err := f.b.End(f.ctx, topic)
	if err != nil || id.IsZero() || !slices.Equal(ends, []int64{3, 0}) {
		t.Errorf("ends %v, %v, want [3 0]", ends, err)
	}
	rig.DeleteRecords(t, topic, 0, 2)
	_, ends, err = f.b.End(f.ctx, topic)
	if err != nil || !slices.Equal(ends, []int64{3, 0}) {
		t.Errorf("ends after retention %v, %v, want [3 0]", ends, err)
	}
}
