package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthDeadCases() []truthCase {
	return []truthCase{
		{"dead letters come back as they were", truthDeadRead},
		{"a dead letter is written once", truthDeadTaken},
		{"dead letters are listed in key order, the open ones in pages", truthDeadList},
		{"the letters of a chain are read whatever their state", truthDeadChain},
		{"marks are the chains with an open letter that parks", truthDeadMarks},
		{"CloseDead closes open letters, all or none", truthDeadClose},
		{"RepairDead puts a body beside an open letter, and no other", truthDeadRepair},
	}
}

// deadLetter is a letter at an offset, in a chain.
func deadLetter(offset int64, chain model.ID) port.DeadRow {
	return port.DeadRow{Topic: truthTopic, Part: 1, LeaderEpoch: 2, Offset: offset, Index: 0, Command: nth(77),
		Chain: chain, Lane: laneAt("A"), HasLane: true, Class: port.DeadContract, Key: []byte("A"),
		Headers: []byte(`[["h","AA=="]]`), Raw: []byte{0, 0xff, 'x'}, Err: "qty is absent", State: port.DeadOpen}
}

func deadKeyOf(d port.DeadRow) port.DeadKey {
	return port.DeadKey{Topic: d.Topic, Part: d.Part, LeaderEpoch: d.LeaderEpoch, Offset: d.Offset,
		Index: d.Index}
}

func (r *truthRig) dead(st port.ReadDead) []port.DeadRow {
	r.Helper()
	r.do(&st)
	return st.Rows
}

func truthDeadRead(r *truthRig) {
	whole := port.DeadRow{Topic: truthTopic, Part: 1, LeaderEpoch: 2, Offset: 5, Index: -1,
		Class: port.DeadUndecodable, Err: "no JSON", State: port.DeadOpen}
	parked := deadLetter(5, nth(3))
	parked.Index, parked.Parked, parked.Class, parked.Repair = 1, true, port.DeadParked, []byte("repair")
	rows := []port.DeadRow{whole, deadLetter(5, nth(3)), parked}
	r.do(&port.InsertDead{Rows: rows}, &port.InsertDead{})
	keys := []port.DeadKey{deadKeyOf(whole), deadKeyOf(rows[1]), deadKeyOf(parked),
		{Topic: truthTopic, Part: 9}}
	same(r, "letters", r.dead(port.ReadDead{Keys: keys}), rows)
	same(r, "at most two", r.dead(port.ReadDead{Keys: keys, Max: 2}), rows[:2])
}

func truthDeadTaken(r *truthRig) {
	first, again := deadLetter(1, nth(1)), deadLetter(1, nth(1))
	again.Err = "another"
	r.do(&port.InsertDead{Rows: []port.DeadRow{first}})
	r.do(&port.InsertDead{Rows: []port.DeadRow{again, deadLetter(2, nth(1))}})
	same(r, "letters", r.dead(port.ReadDead{}), []port.DeadRow{first, deadLetter(2, nth(1))})
}

func truthDeadList(r *truthRig) {
	a, b, c, d, e := deadLetter(1, nth(1)), deadLetter(2, nth(2)), deadLetter(3, nth(3)),
		deadLetter(0, nth(4)), deadLetter(0, nth(5))
	b.State = port.DeadDiscarded
	d.LeaderEpoch, e.Part = 3, 2
	r.do(&port.InsertDead{Rows: []port.DeadRow{e, c, a, d, b}})
	after := func(row port.DeadRow) *port.DeadKey { k := deadKeyOf(row); return &k }
	same(r, "open", r.dead(port.ReadDead{}), []port.DeadRow{a, c, d, e})
	same(r, "first page", r.dead(port.ReadDead{Max: 2}), []port.DeadRow{a, c})
	same(r, "second page", r.dead(port.ReadDead{After: after(c), Max: 2}), []port.DeadRow{d, e})
	same(r, "end", r.dead(port.ReadDead{After: after(e), Max: 2}), nil)
}

func truthDeadChain(r *truthRig) {
	a, b, c := deadLetter(3, nth(1)), deadLetter(1, nth(1)), deadLetter(2, nth(2))
	b.State = port.DeadRedriven
	r.do(&port.InsertDead{Rows: []port.DeadRow{a, b, c}})
	same(r, "chain", r.dead(port.ReadDead{Chain: nth(1)}), []port.DeadRow{b, a})
	same(r, "its first", r.dead(port.ReadDead{Chain: nth(1), Max: 1}), []port.DeadRow{b})
	same(r, "no chain", r.dead(port.ReadDead{Chain: nth(9)}), nil)
}

func truthDeadMarks(r *truthRig) {
	open, twice, void, closed, chainless := deadLetter(1, nth(1)), deadLetter(2, nth(1)),
		deadLetter(3, nth(2)), deadLetter(4, nth(3)), deadLetter(5, model.ID{})
	parked := deadLetter(6, nth(5))
	void.Class, closed.State, parked.Class = port.DeadVoid, port.DeadRedriven, port.DeadParked
	r.do(&port.InsertDead{Rows: []port.DeadRow{open, twice, void, closed, chainless, parked}})
	st := &port.ReadMarks{Chains: nths(1, 2, 3, 4, 5)}
	r.do(st, &port.ReadMarks{})
	same(r, "marks", st.Open, nths(1, 5))
}

func truthDeadClose(r *truthRig) {
	a, b, c := deadLetter(1, nth(1)), deadLetter(2, nth(1)), deadLetter(3, nth(2))
	r.do(&port.InsertDead{Rows: []port.DeadRow{a, b, c}})
	r.do(&port.CloseDead{Keys: []port.DeadKey{deadKeyOf(a)}, State: port.DeadRedriven},
		&port.CloseDead{State: port.DeadRedriven})
	a.State = port.DeadRedriven
	keys := []port.DeadKey{deadKeyOf(a), deadKeyOf(b)}
	r.refused(port.ErrConflict, "SP001", "dlq", "dlq_open",
		&port.CloseDead{Keys: keys, State: port.DeadDiscarded})
	same(r, "letters", r.dead(port.ReadDead{Keys: keys}), []port.DeadRow{a, b})
	r.do(&port.CloseDead{Keys: []port.DeadKey{deadKeyOf(b), deadKeyOf(c)}, State: port.DeadDiscarded})
	same(r, "open", r.dead(port.ReadDead{}), nil)
	st := &port.ReadMarks{Chains: nths(1, 2)}
	r.do(st)
	same(r, "marks", st.Open, nil)
}

func truthDeadRepair(r *truthRig) {
	a, b := deadLetter(1, nth(1)), deadLetter(2, nth(2))
	b.State = port.DeadDiscarded
	r.do(&port.InsertDead{Rows: []port.DeadRow{a, b}})
	r.do(&port.RepairDead{Key: deadKeyOf(a), Repair: []byte{1, 0, 2}})
	for _, d := range []port.DeadRow{b, deadLetter(3, nth(3))} {
		r.refused(port.ErrConflict, "SP001", "dlq", "dlq_open",
			&port.RepairDead{Key: deadKeyOf(d), Repair: []byte{3}})
	}
	a.Repair = []byte{1, 0, 2}
	same(r, "letters", r.dead(port.ReadDead{Keys: []port.DeadKey{deadKeyOf(a), deadKeyOf(b)}}),
		[]port.DeadRow{a, b})
}
