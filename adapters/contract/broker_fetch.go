package contract

import (
	"context"
	"errors"
	"testing"
	"time"

	"stockproof/inventory/port"
)

func brokerPositions(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	// On, back, the same again, far back, forward: every one is the same call.
	for _, from := range []int64{0, 2, 1, 1, 8, 0, 9, 5} {
		rs := f.fetch(c, from, 1)
		if len(rs) != 1 || rs[0].Offset != from {
			t.Fatalf("fetch at %d returned %v", from, rs)
		}
	}
	epoch := f.fetch(c, 3, 1)[0].LeaderEpoch
	rs, err := c.Fetch(f.ctx, port.Position{Offset: 7, LeaderEpoch: epoch}, 1, 0)
	if err != nil || rs[0].Offset != 7 {
		t.Fatalf("fetch at 7 of epoch %d: %v, %v", epoch, rs, err)
	}
}

func brokerMax(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	var all []port.Record
	for len(all) < 10 {
		rs := f.fetch(c, int64(len(all)), 4)
		if len(rs) == 0 || len(rs) > 4 {
			t.Fatalf("fetch of at most 4 returned %d", len(rs))
		}
		all = append(all, rs...)
	}
	wantValues(t, all, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
}

// inBackground runs fetch beside the test; the returned function waits for it.
func (f *brokerFixture) inBackground(fetch func() ([]port.Record, error)) func() ([]port.Record, error) {
	type result struct {
		rs  []port.Record
		err error
	}
	done := make(chan result, 1)
	go func() {
		rs, err := fetch()
		done <- result{rs, err}
	}()
	return func() ([]port.Record, error) {
		f.t.Helper()
		select {
		case r := <-done:
			return r.rs, r.err
		case <-time.After(patience):
			f.t.Fatal("a call did not return")
			return nil, nil
		}
	}
}

func brokerBlocks(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 2)
	_, m := f.join("one")
	for range 2 {
		c := f.claim(m)
		if c.Partition() != 0 {
			continue
		}
		result := f.inBackground(func() ([]port.Record, error) { return c.Fetch(f.ctx, at(0), 10, 0) })
		other := port.Record{Topic: topic, Partition: 1, Value: []byte("not this one")}
		if err := f.b.Produce(f.ctx, other); err != nil {
			t.Fatalf("produce: %v", err)
		}
		f.put(0, 1)
		rs, err := result()
		if err != nil {
			t.Fatalf("fetch: %v", err)
		}
		wantValues(t, rs, "0")
	}
}

func brokerLingerFull(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	_, m := f.join("one")
	c := f.claim(m)
	f.put(0, 1)
	result := f.inBackground(func() ([]port.Record, error) {
		return c.Fetch(f.ctx, at(0), 3, 10*patience)
	})
	f.put(1, 1)
	f.put(2, 1)
	rs, err := result()
	if err != nil {
		t.Fatalf("fetch: %v", err)
	}
	wantValues(t, rs, "0", "1", "2")
}

func brokerLingerEnds(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	_, m := f.join("one")
	c := f.claim(m)
	f.put(0, 1)
	rs, err := c.Fetch(f.ctx, at(0), 3, time.Millisecond)
	if err != nil {
		t.Fatalf("fetch: %v", err)
	}
	wantValues(t, rs, "0")
}

func brokerCancel(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	_, m := f.join("one")
	c := f.claim(m)
	ctx, cancel := context.WithCancel(f.ctx)
	fetch := f.inBackground(func() ([]port.Record, error) { return c.Fetch(ctx, at(0), 1, 0) })
	claim := f.inBackground(func() ([]port.Record, error) { _, err := m.Claim(ctx); return nil, err })
	cancel()
	for _, result := range []func() ([]port.Record, error){fetch, claim} {
		_, err := result()
		if !errors.Is(err, context.Canceled) || port.Class(err) != nil {
			t.Errorf("cancelled: %v, want context.Canceled of no class", err)
		}
	}
	f.put(0, 1)
	wantValues(t, f.fetch(c, 0, 1), "0")
}

func brokerRetention(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	rig.DeleteRecords(t, topic, 0, 5)
	_, m := f.join("one")
	c := f.claim(m)
	for _, from := range []int64{0, 4} {
		_, err := c.Fetch(f.ctx, at(from), 1, 0)
		wantRange(t, err, from, 5, 10)
	}
	wantValues(t, f.fetch(c, 5, 1), "5")
}

func brokerBehindEnd(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	epoch := f.fetch(c, 9, 1)[0].LeaderEpoch
	_, err := c.Fetch(f.ctx, at(11), 1, 0)
	wantRange(t, err, 11, 0, 10)
	_, err = c.Fetch(f.ctx, port.Position{Offset: 12, LeaderEpoch: epoch}, 1, 0)
	wantRange(t, err, 12, 0, 10)
	result := f.inBackground(func() ([]port.Record, error) { return c.Fetch(f.ctx, at(10), 1, 0) })
	f.put(10, 1) // the end itself is where the next record will be
	rs, err := result()
	if err != nil {
		t.Fatalf("fetch at the end: %v", err)
	}
	wantValues(t, rs, "10")
}

func brokerRetentionUnderReader(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	wantValues(t, f.fetch(c, 0, 2), "0", "1")
	rig.DeleteRecords(t, topic, 0, 7)
	_, err := c.Fetch(f.ctx, at(0), 1, 0) // back, so that no buffer can answer
	wantRange(t, err, 0, 7, 10)
	wantValues(t, f.fetch(c, 7, 1), "7")
}
