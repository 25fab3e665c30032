package checks

import (
	"strings"
	"testing"

	"stockproof/model"
)

// told is what a client asked and was told, from when to when; until 0: nobody was answered.
type told struct {
	row         CommandRow
	from, until int64
}

// shelfClients is a history of a design with StockAfter and the clients of it.
func shelfClients(final int64, all ...told) History {
	var rows []CommandRow
	for _, c := range all {
		rows = append(rows, c.row)
	}
	h := shelfRun(final, rows...)
	h.Header.Claims = append(h.Header.Claims, Linearizable)
	for at := range int64(100) {
		for i, c := range all {
			attempt := uint64(i + 1)
			if c.from == at {
				h.Events = append(h.Events, Call{Attempt: attempt, At: at, Command: c.row.Command})
			}
			if c.until == at && at > 0 {
				h.Events = append(h.Events, Return{Attempt: attempt, At: at, Decision: c.row.Decision})
			}
		}
	}
	return h
}

// A design that shows what each decision left is judged by that, in any order that the clients' times allow.
func TestStocksWithoutVersionsAreLinearizableOrNot(t *testing.T) {
	sold := func(name string, qty, after int64) CommandRow {
		return shelfRow(name, model.Reserve, qty, model.Granted, qty, after)
	}
	short := func(name string, qty, after int64) CommandRow {
		row := shelfRow(name, model.Reserve, qty, model.RejectedInsufficient, 0, after)
		row.Policy = model.AllOrNothing
		return row
	}
	back := shelfRow("e", model.Release, 0, model.Granted, 2, 5)
	back.Ref = model.NameID("a")
	read := func(h History, call, at, avail int64) History {
		h.Events = append(h.Events, Read{Call: call, At: at, Lane: model.LaneKey{SKU: "A", Loc: model.MainLocation}, Known: true,
			Avail: avail, FromTruth: true})
		return h
	}
	for _, c := range []struct {
		name string
		h    History
		says string // "": it passes
	}{
		{"side by side, the later one first", shelfClients(2, told{sold("a", 2, 2), 1, 9}, told{sold("b", 1, 4), 2, 8}), ""},
		{"one after the other, the later one first", shelfClients(2, told{sold("a", 2, 2), 1, 3}, told{sold("b", 1, 4), 4, 8}),
			"deduct"},
		{"what comes back", shelfClients(5, told{sold("a", 2, 3), 1, 3}, told{back, 4, 6}), ""},
		{"what comes back before it was taken", shelfClients(5, told{sold("a", 2, 3), 5, 7}, told{back, 1, 3}), "cancel"},
		{"a rejection at a stock that there was", shelfClients(3, told{sold("a", 2, 3), 1, 5}, told{short("c", 4, 3), 2, 4}), ""},
		{"a rejection at a stock that was long gone", shelfClients(3, told{sold("a", 2, 3), 1, 2}, told{short("c", 6, 5), 4, 6}), "rejected"},
		{"nobody was answered, and the truth has it", shelfClients(2, told{sold("a", 2, 3), 1, 0}, told{sold("b", 1, 2), 2, 8}), ""},
		{"nobody was answered, and it was called too late", shelfClients(2, told{sold("a", 2, 3), 9, 0}, told{sold("b", 1, 2), 2, 8}),
			"deduct 1"},
		{"a read of what was there", read(shelfClients(3, told{sold("a", 2, 3), 1, 5}), 4, 99, 5), ""},
		{"a read of what was no longer there", read(shelfClients(3, told{sold("a", 2, 3), 1, 5}), 6, 99, 5), "read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reportOn(t, Check(c.h), Linearizable)
			if c.says == "" && r.Verdict != Pass {
				t.Errorf("%s: %s", r.Verdict, evidenceText(r))
			}
			if c.says != "" && (r.Verdict != Fail || !strings.Contains(evidenceText(r), c.says)) {
				t.Errorf("%s: %s, want a failure that says %q", r.Verdict, evidenceText(r), c.says)
			}
		})
	}
}
