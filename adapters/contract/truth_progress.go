package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthProgressCases() []truthCase {
	return []truthCase{
		{"progress is created once", truthProgressCreate},
		{"AdvanceProgress moves from where it says, and nobody else", truthProgressAdvance},
		{"AdvanceProgress keeps the latest settled time", truthProgressSettled},
		{"an older leader epoch is fenced", truthProgressLeader},
		{"ResetProgress compares offset and epoch", truthProgressReset},
		{"of two settlers of one offset the second does not move", truthProgressRace},
		{"a settler that waited for one that gave up moves", truthProgressRaceRolledBack},
	}
}

var truthTopic = model.NameID("contract", "topic")

func (r *truthRig) progress(part int32) port.ReadProgress {
	r.Helper()
	st := port.ReadProgress{Topic: truthTopic, Part: part}
	r.do(&st)
	return st
}

func (r *truthRig) at(part int32, offset int64, epoch int32, settled int64) {
	r.Helper()
	same(r, "progress", r.progress(part), port.ReadProgress{Topic: truthTopic, Part: part, Found: true,
		NextOffset: offset, LeaderEpoch: epoch, SettledAt: settled})
}

func truthProgressCreate(r *truthRig) {
	if st := r.progress(1); st.Found {
		r.Fatalf("%+v", st)
	}
	r.do(&port.CreateProgress{Topic: truthTopic, Part: 1, NextOffset: 10, LeaderEpoch: 2})
	r.do(&port.CreateProgress{Topic: truthTopic, Part: 1, NextOffset: 99, LeaderEpoch: 9})
	r.do(&port.CreateProgress{Topic: model.NameID("another"), Part: 1, NextOffset: 77})
	r.at(1, 10, 2, 0)
	if st := r.progress(2); st.Found {
		r.Fatalf("%+v", st)
	}
}

func truthProgressAdvance(r *truthRig) {
	r.do(&port.CreateProgress{Topic: truthTopic, NextOffset: 10, LeaderEpoch: 2})
	st := &port.AdvanceProgress{Topic: truthTopic, LeaderEpoch: 2, From: 10, To: 15}
	r.do(st)
	zombie := &port.AdvanceProgress{Topic: truthTopic, LeaderEpoch: 2, From: 10, To: 12}
	absent := &port.AdvanceProgress{Topic: truthTopic, Part: 5, LeaderEpoch: 2, From: 10, To: 12}
	r.do(zombie, absent)
	if !st.Moved || zombie.Moved || absent.Moved {
		r.Fatal(st.Moved, zombie.Moved, absent.Moved)
	}
	r.at(0, 15, 2, 0)
}

func truthProgressSettled(r *truthRig) {
	r.do(&port.CreateProgress{Topic: truthTopic})
	r.do(&port.AdvanceProgress{Topic: truthTopic, From: 0, To: 1, SettledAt: 500})
	r.do(&port.AdvanceProgress{Topic: truthTopic, From: 1, To: 2, SettledAt: 400})
	r.at(0, 2, 0, 500)
}

func truthProgressLeader(r *truthRig) {
	r.do(&port.CreateProgress{Topic: truthTopic, LeaderEpoch: 4})
	older := &port.AdvanceProgress{Topic: truthTopic, LeaderEpoch: 3, From: 0, To: 1}
	newer := &port.AdvanceProgress{Topic: truthTopic, LeaderEpoch: 6, From: 0, To: 1}
	r.do(older)
	r.do(newer)
	if older.Moved || !newer.Moved {
		r.Fatal(older.Moved, newer.Moved)
	}
	r.at(0, 1, 6, 0)
}

func truthProgressReset(r *truthRig) {
	r.do(&port.CreateProgress{Topic: truthTopic, NextOffset: 50, LeaderEpoch: 4})
	for _, c := range []struct {
		offset int64
		epoch  int32
		moves  bool
	}{{49, 4, false}, {50, 3, false}, {50, 4, true}, {50, 4, false}} {
		st := &port.ResetProgress{Topic: truthTopic, From: c.offset, FromEpoch: c.epoch, To: 20, LeaderEpoch: 1}
		if r.do(st); st.Moved != c.moves {
			r.Fatalf("%+v", st)
		}
	}
	r.at(0, 20, 1, 0)
}

func truthProgressRace(r *truthRig)           { r.race(true) }
func truthProgressRaceRolledBack(r *truthRig) { r.race(false) }

// race has two settlers take the same offset; the first commits or gives up while the second waits.
func (r *truthRig) race(commit bool) {
	r.do(&port.CreateProgress{Topic: truthTopic})
	first := &port.AdvanceProgress{Topic: truthTopic, From: 0, To: 5}
	second := &port.AdvanceProgress{Topic: truthTopic, From: 0, To: 7}
	tx, late := r.begin(r.a, first), r.begin(r.b)
	p := r.waits(func() error { return late.Do(r.ctx, second) })
	if commit {
		tx.commit()
	} else {
		tx.rollback()
	}
	p.succeeds()
	if !first.Moved || second.Moved == commit {
		r.Fatal(first.Moved, second.Moved)
	}
	late.commit()
	want := int64(5)
	if !commit {
		want = 7
	}
	r.at(0, want, 0, 0)
}
