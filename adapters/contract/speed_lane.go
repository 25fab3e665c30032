package contract

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

func installCompares(t *testing.T, b *SpeedBed) {
	const epoch = 1_760_000_000 << model.EpochShift // as large as they come: above 2^50
	for _, step := range []struct {
		what                    string
		epoch, seq, from, avail int64
		code                    port.InstallCode
		storedSeq, storedAvail  int64
	}{
		{"the first", epoch, 4, 1, 40, port.InstalledMissing, 4, 40},
		{"the next", epoch, 5, 5, 50, port.Installed, 5, 50},
		{"a batch of two", epoch, 7, 6, 70, port.Installed, 7, 70},
		{"a duplicate with another stock", epoch, 7, 7, -1, port.AlreadyInstalled, 7, 70},
		{"an older one", epoch, 6, 6, -1, port.AlreadyInstalled, 7, 70},
		{"a gap", epoch, 10, 9, -100, port.InstalledGap, 10, -100},
		{"reconcile", epoch, 12, 0, 120, port.Installed, 12, 120},
		{"an older epoch, far ahead", epoch - 1, 99, 0, -1, port.OlderEpoch, 12, 120},
		{"a newer epoch, seq back", epoch + 1, 1, 0, 11, port.Installed, 1, 11},
		{"a newer epoch with a gap", epoch + 2, 9, 8, 9, port.InstalledGap, 9, 9},
	} {
		op := install(step.epoch, step.seq, step.from, step.avail)
		b.do(t, op)
		storedEpoch := step.epoch
		if step.code == port.OlderEpoch {
			storedEpoch = epoch
		}
		if op.Code != step.code || op.StoredEpoch != storedEpoch || op.StoredSeq != step.storedSeq ||
			op.StoredAvail != step.storedAvail {
			t.Errorf("%s: code %d, stored (%d, %d, %d); want %d, (%d, %d, %d)", step.what, op.Code,
				op.StoredEpoch, op.StoredSeq, op.StoredAvail, step.code, storedEpoch, step.storedSeq, step.storedAvail)
		}
	}
	got := &port.ReadLane{Space: port.SpeedSpace, Lane: lane}
	b.do(t, got)
	want := port.ReadLane{Space: port.SpeedSpace, Lane: lane, Found: true, Epoch: epoch + 2, Seq: 9, Avail: 9,
		OnHand: 12, Reserved: 3, Limit: 7, At: 1_700_000_000_123}
	if *got != want {
		t.Errorf("read %+v, want %+v", *got, want)
	}
}

func installRepairs(t *testing.T, b *SpeedBed) {
	for _, field := range []string{"e", "s", "a"} {
		for _, bad := range []string{"", "x", "0x1", "1e1", " 5", "5 ", "1.0", "9007199254740992", "1,2"} {
			b.raw(t, "DEL", laneKey)
			b.do(t, install(5, 10, 0, 1))
			b.raw(t, "HSET", laneKey, field, bad)
			op := install(5, 11, 0, 2)
			b.do(t, op)
			if op.Code != port.InstalledOver || op.StoredAvail != 2 {
				t.Errorf("over %s = %q: code %d, avail %d", field, bad, op.Code, op.StoredAvail)
			}
		}
	}
	b.raw(t, "DEL", laneKey)
	b.raw(t, "HSET", laneKey, "foreign", "1")
	op := install(5, 12, 0, 3)
	b.do(t, op)
	if op.Code != port.InstalledOver {
		t.Errorf("over a foreign hash: code %d, want %d", op.Code, port.InstalledOver)
	}

	b.raw(t, "SET", laneKey, "not a hash")
	op = install(5, 13, 0, 4)
	b.do(t, op)
	if op.Code != port.WrongType || op.StoredEpoch != 0 || op.StoredSeq != 0 || op.StoredAvail != 0 {
		t.Errorf("over a string: code %d, stored (%d, %d, %d)", op.Code, op.StoredEpoch, op.StoredSeq, op.StoredAvail)
	}
	b.holds(t, laneKey, "not a hash")
	b.do(t, &port.RemoveLane{Space: port.SpeedSpace, Lane: lane})
	op = install(5, 13, 0, 4)
	b.do(t, op)
	if op.Code != port.InstalledMissing {
		t.Errorf("after the quarantine: code %d, want %d", op.Code, port.InstalledMissing)
	}
}

func installRefuses(t *testing.T, b *SpeedBed) {
	b.do(t, install(1, 1, 0, 1))
	for i, spoil := range []func(o *port.InstallLane, n int64){
		func(o *port.InstallLane, n int64) { o.Epoch = n },
		func(o *port.InstallLane, n int64) { o.Seq = n },
		func(o *port.InstallLane, n int64) { o.FromSeq = n },
		func(o *port.InstallLane, n int64) { o.Avail = n },
		func(o *port.InstallLane, n int64) { o.OnHand = n },
		func(o *port.InstallLane, n int64) { o.Reserved = n },
		func(o *port.InstallLane, n int64) { o.Limit = n },
		func(o *port.InstallLane, n int64) { o.At = n },
	} {
		for _, n := range []int64{model.MaxNumber + 1, -model.MaxNumber - 1, 1<<63 - 1, -1 << 63} {
			op := install(2, 2, 0, 2)
			spoil(op, n)
			b.do(t, op)
			if op.Code != port.BadArguments || op.StoredEpoch != 0 || op.StoredSeq != 0 || op.StoredAvail != 0 {
				t.Errorf("argument %d = %d: code %d, stored (%d, %d, %d)", i, n, op.Code,
					op.StoredEpoch, op.StoredSeq, op.StoredAvail)
			}
		}
	}
	got := &port.ReadLane{Space: port.SpeedSpace, Lane: lane}
	b.do(t, got)
	if got.Epoch != 1 || got.Seq != 1 || got.Avail != 1 {
		t.Errorf("a refused install wrote: %+v", *got)
	}
	op := install(model.MaxNumber, model.MaxNumber, 0, -model.MaxNumber)
	b.do(t, op)
	if op.Code != port.Installed || op.StoredEpoch != model.MaxNumber || op.StoredAvail != -model.MaxNumber {
		t.Errorf("the largest numbers: %+v", *op)
	}
}

func absentIsNotZero(t *testing.T, b *SpeedBed) {
	read := &port.ReadLane{Space: port.SpeedSpace, Lane: lane, Found: true, Avail: 5}
	b.do(t, read)
	if read.Found {
		t.Errorf("an absent lane was found: %+v", *read)
	}
	b.do(t, &port.RemoveLane{Space: port.SpeedSpace, Lane: lane}) // of nothing: no error
	b.do(t, install(1, 1, 0, 0))
	read = &port.ReadLane{Space: port.SpeedSpace, Lane: lane}
	b.do(t, read)
	if !read.Found || read.Avail != 0 {
		t.Errorf("a lane without stock: %+v", *read)
	}
}

func corruptIsNamed(t *testing.T, b *SpeedBed) {
	read := func() *port.ReadLane { return &port.ReadLane{Space: port.SpeedSpace, Lane: lane} }
	b.raw(t, "SET", laneKey, "5")
	b.refused(t, read(), laneKey, "WRONGTYPE")
	for _, field := range []string{"e", "s", "a", "on_hand", "reserved", "limit", "at", "ver"} {
		b.raw(t, "DEL", laneKey)
		b.do(t, install(1, 1, 0, 1))
		b.raw(t, "HSET", laneKey, field, "1e1")
		b.refused(t, read(), laneKey, field, `"1e1"`)
	}
	b.raw(t, "HSET", laneKey, "ver", "2")
	b.refused(t, read(), laneKey, "format 2")
	b.raw(t, "DEL", laneKey)
	b.raw(t, "HSET", laneKey, "e", "1")
	b.refused(t, read(), laneKey, "missing")
}

func lanesOfAnyBytes(t *testing.T, b *SpeedBed) {
	names := []string{"", "}", "{", "{}", "}x", "a:b", "a", "A", "a%", "%", "%25", "a#1", "\x00", "\xff\xfe", "ü", "a b\r\n", "*"}
	var ops []port.SpeedOp
	for i, sku := range names {
		for j, loc := range names {
			op := install(1, 1, 0, int64(i*100+j))
			op.Lane = model.LaneKey{SKU: model.SKU(sku), Loc: model.Location(loc)}
			ops = append(ops, op)
		}
	}
	b.do(t, ops...)
	for i, sku := range names {
		for j, loc := range names {
			read := &port.ReadLane{Space: port.SpeedSpace, Lane: model.LaneKey{SKU: model.SKU(sku), Loc: model.Location(loc)}}
			b.do(t, read)
			if !read.Found || read.Avail != int64(i*100+j) {
				t.Fatalf("(%q, %q): %+v", sku, loc, *read)
			}
		}
	}
}

func feedsAreApart(t *testing.T, b *SpeedBed) {
	web := port.FeedSpace("web")
	op := install(1, 1, 0, 9)
	op.Space = web
	b.do(t, op, &port.WriteBeat{Space: web, Partition: 3, At: 77})
	read, beat := &port.ReadLane{Space: port.SpeedSpace, Lane: lane}, &port.ReadBeat{Space: port.SpeedSpace, Partition: 3}
	b.do(t, read, beat)
	if read.Found || beat.Found {
		t.Errorf("the feed's records are in the speed layer: %+v, %+v", *read, *beat)
	}
	b.holds(t, "feed:web:hb:3", "77")
	if n := b.raw(t, "EXISTS", "feed:web:{SKU-101}:main"); n != int64(1) {
		t.Errorf("the feed's lane is not at its key")
	}
}

func beatsGrow(t *testing.T, b *SpeedBed) {
	read := func() port.ReadBeat {
		op := &port.ReadBeat{Space: port.SpeedSpace, Partition: 7}
		b.do(t, op)
		return *op
	}
	if got := read(); got.Found {
		t.Errorf("a heartbeat before the first: %+v", got)
	}
	for _, at := range []int64{1000, 900, 1000, 2000, 1999} {
		b.do(t, &port.WriteBeat{Space: port.SpeedSpace, Partition: 7, At: at})
	}
	if got := read(); !got.Found || got.At != 2000 {
		t.Errorf("read %+v, want 2000", got)
	}
	b.holds(t, "hb:7", "2000")

	b.raw(t, "SET", "hb:7", "soon")
	b.refused(t, &port.ReadBeat{Space: port.SpeedSpace, Partition: 7}, "hb:7", `"soon"`)
	b.do(t, &port.WriteBeat{Space: port.SpeedSpace, Partition: 7, At: 5}) // repairs it
	if got := read(); got.At != 5 {
		t.Errorf("after the repair: %+v", got)
	}
	b.refused(t, &port.WriteBeat{Space: port.SpeedSpace, Partition: 7, At: model.MaxNumber + 1}, "hb:7")
	b.raw(t, "DEL", "hb:7")
	b.raw(t, "HSET", "hb:7", "a", "1")
	b.refused(t, &port.WriteBeat{Space: port.SpeedSpace, Partition: 7, At: 9}, "hb:7", "WRONGTYPE")
	b.refused(t, &port.ReadBeat{Space: port.SpeedSpace, Partition: 7}, "hb:7", "WRONGTYPE")
}

func replicationID(t *testing.T, b *SpeedBed) {
	one, two := &port.ReadReplication{Lane: lane}, &port.ReadReplication{Lane: lane}
	b.do(t, one, two)
	if len(one.ReplID) != 40 || one.ReplID != two.ReplID {
		t.Errorf("replication ids %q and %q, want 40 hexadecimal digits, the same twice", one.ReplID, two.ReplID)
	}
}

func ownEnds(t *testing.T, b *SpeedBed) {
	if err := b.Speed.Do(context.Background()); err != nil {
		t.Errorf("no operations: %v", err)
	}
	b.raw(t, "SET", laneKey, "5")
	before, bad, after := install(1, 1, 0, 1), &port.ReadLane{Space: port.SpeedSpace, Lane: lane}, &port.GetStock{SKU: "none"}
	before.Lane.SKU = "SKU-1"
	many := []port.SpeedOp{before, bad, after}
	for i := range 200 {
		op := install(1, 1, 0, int64(i))
		op.Lane.SKU = model.SKU(fmt.Sprint("many-", i))
		many = append(many, op)
	}
	err := b.Speed.Do(context.Background(), many...)
	if !errors.Is(err, port.ErrContract) || !errors.Is(bad.Err, port.ErrContract) {
		t.Errorf("the call ends with %v, the bad one with %v", err, bad.Err)
	}
	for i, op := range many {
		if i != 1 && op.SpeedOp().Err != nil {
			t.Errorf("operation %d: %v", i, op.SpeedOp().Err)
		}
	}
	if before.Code != port.InstalledMissing || after.Found || many[202].(*port.InstallLane).StoredAvail != 199 {
		t.Errorf("the others did not run: %+v, %+v", *before, *after)
	}
}

func scriptsAreSentAgain(t *testing.T, b *SpeedBed) {
	if b.ForgetScripts == nil {
		return // this bed has no script cache: every script always runs from its source
	}
	b.do(t, install(1, 1, 0, 1))
	b.raw(t, "SET", "stock:{A}", "10")
	b.ForgetScripts()
	deduct := &port.Deduct{SKU: "A", Order: "o1", Qty: "3", TTL: "86400"}
	op, stock := install(1, 2, 2, 2), &port.GetStock{SKU: "A"}
	b.do(t, op, deduct)
	b.do(t, stock)
	if op.Code != port.Installed || deduct.Reply != port.DeductOK || deduct.Remaining != 7 || stock.Stock != 7 {
		t.Errorf("install %+v, deduct %+v, stock %+v", *op, *deduct, *stock)
	}
}
