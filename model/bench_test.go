package model

import (
	"fmt"
	"testing"
)

func BenchmarkDecide(b *testing.B) {
	lane := Lane{Key: LaneKey{"A", MainLocation}, Seq: 10, OnHand: MaxNumber / 2, StockVersion: 3}
	reserved := Line{Command: NameID("a"), Lane: lane.Key, Qty: 3, Granted: 3, State: LineReserved}
	held := lane
	held.Reserved = 3
	for _, v := range []struct {
		name string
		s    State
		c    Command
	}{
		{"reserve", State{Lane: lane}, reserveOf("a", 3, Partial)},
		{"reject", State{Lane: Lane{Key: lane.Key, Seq: 1}}, reserveOf("a", 3, AllOrNothing)},
		{"commit", State{Lane: held, Ref: reserved}, onRef(Commit, "c", "a")},
		{"transfer", State{Lane: lane, To: Lane{Key: LaneKey{"A", "east"}}}, moveOf("m", 3, "east")},
	} {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, d := Decide(v.s, v.c); d.Seq == 0 {
					b.Fatal("not decided")
				}
			}
		})
	}
}

func BenchmarkCommandRecord(b *testing.B) {
	for _, n := range []int{1, 10, MaxRecordCommands} {
		r := CommandRecord{IntakeEpoch: 1, IntakeXID: 77}
		for i := range n {
			c := reserveOf(fmt.Sprint("c", i), 3, Partial)
			c.SubmittedAt, c.Siblings = 1_770_000_000_000, NameID("s")
			r.Commands = append(r.Commands, c)
		}
		value := EncodeCommandRecord(r)
		b.Run(fmt.Sprintf("encode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				EncodeCommandRecord(r)
			}
		})
		b.Run(fmt.Sprintf("decode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				if _, _, err := DecodeCommandRecord(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkState(b *testing.B) {
	r := StateRecord{Lane: LaneKey{"SKU-101", MainLocation}, Epoch: 1 << 20, FromSeq: 100, Seq: 101, OnHand: 9,
		Avail: 9, DecidedAt: 1_770_000_000_000,
		Entries: []StateEntry{{Command: NameID("c"), Kind: Reserve, Outcome: Granted, Granted: 3}}}
	value := EncodeState(r)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			EncodeState(r)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeState(value); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkKeyAndFingerprint(b *testing.B) {
	k := LaneKey{"SKU {101}", MainLocation}
	c := reserveOf("a", 3, Partial)
	b.Run("lane-topic-key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			LaneTopicKey(k)
		}
	})
	b.Run("fingerprint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Fingerprint()
		}
	})
	b.Run("partition", func(b *testing.B) {
		key := []byte("SKU-101")
		for b.Loop() {
			Partition(key, 8)
		}
	})
}
