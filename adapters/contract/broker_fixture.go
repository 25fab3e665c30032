package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"stockproof/inventory/port"
)

// patience is how long a suite waits before it calls an implementation stuck.
const patience = 2 * time.Minute

const (
	topic = "inventory.command"
	group = "worker"
)

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// brokerFixture is a rig with one topic, one client and, after claim, one member.
type brokerFixture struct {
	t   *testing.T
	rig BrokerRig
	ctx context.Context
	b   port.Broker
}

func fixture(t *testing.T, rig BrokerRig, partitions int32) *brokerFixture {
	rig.CreateTopic(t, topic, partitions)
	return &brokerFixture{t: t, rig: rig, ctx: soon(t), b: rig.Client(t, "one")}
}

// put produces n records of values from, from+1, ... to partition 0.
func (f *brokerFixture) put(from, n int) {
	f.t.Helper()
	rs := make([]port.Record, n)
	for i := range rs {
		rs[i] = port.Record{Topic: topic, Key: []byte("k"), Value: fmt.Append(nil, from+i)}
	}
	if err := f.b.Produce(f.ctx, rs...); err != nil {
		f.t.Fatalf("produce: %v", err)
	}
}

func (f *brokerFixture) join(client string) (port.Broker, port.Member) {
	f.t.Helper()
	b := f.b
	if client != "one" {
		b = f.rig.Client(f.t, client)
	}
	m, err := b.Join(f.ctx, group, topic)
	if err != nil {
		f.t.Fatalf("%s joins: %v", client, err)
	}
	f.t.Cleanup(func() { m.Leave(context.Background()) })
	return b, m
}

func (f *brokerFixture) claim(m port.Member) port.Claim {
	f.t.Helper()
	c, err := m.Claim(f.ctx)
	if err != nil {
		f.t.Fatalf("claim: %v", err)
	}
	return c
}

func (f *brokerFixture) fetch(c port.Claim, from int64, max int) []port.Record {
	f.t.Helper()
	rs, err := c.Fetch(f.ctx, at(from), max, 0)
	if err != nil {
		f.t.Fatalf("fetch at %d: %v", from, err)
	}
	return rs
}

func (f *brokerFixture) commit(c port.Claim, next int64) {
	f.t.Helper()
	if err := c.Commit(f.ctx, at(next)); err != nil {
		f.t.Fatalf("commit at %d: %v", next, err)
	}
}

func at(offset int64) port.Position { return port.Position{Offset: offset, LeaderEpoch: -1} }

// readAll fetches from partition claims until want records are there.
func (f *brokerFixture) readAll(m port.Member, partitions int) (all [][]port.Record) {
	f.t.Helper()
	_, ends, err := f.b.End(f.ctx, topic)
	if err != nil {
		f.t.Fatalf("end: %v", err)
	}
	all = make([][]port.Record, partitions)
	for range partitions {
		c := f.claim(m)
		p := c.Partition()
		for n := int64(0); n < ends[p]; n = int64(len(all[p])) {
			all[p] = append(all[p], f.fetch(c, n, 1000)...)
		}
	}
	return all
}

func values(rs []port.Record) (vs []string) {
	for _, r := range rs {
		vs = append(vs, string(r.Value))
	}
	return vs
}

func wantValues(t *testing.T, rs []port.Record, want ...string) {
	t.Helper()
	if got := values(rs); !slices.Equal(got, want) {
		t.Errorf("fetched %q, want %q", got, want)
	}
}

func wantClass(t *testing.T, what string, err, class error) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%s: %v, want %v", what, err, class)
	}
}

func wantRange(t *testing.T, err error, asked, earliest, latest int64) {
	t.Helper()
	out, ok := errors.AsType[*port.OutOfRangeError](err)
	if !ok {
		t.Fatalf("fetch at %d: %v, want *port.OutOfRangeError", asked, err)
	}
	if out.Topic != topic || out.Asked != asked || out.Earliest != earliest || out.Latest != latest {
		t.Errorf("out of range: %+v, want asked %d of [%d,%d)", *out, asked, earliest, latest)
	}
	if class := port.Class(err); class != nil {
		t.Errorf("out of range has class %v: it would be retried", class)
	}
}
