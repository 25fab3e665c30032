package linear

import "testing"

// Histories that the cross-check with porcupine found the stream to be wrong about, made small.
func TestWhatTheCrossCheckFoundInTheStream(t *testing.T) {
	lost := unansweredOp(Deduct, 0, 2, 1)
	again := told(ok(Deduct, 0, 2, 2, 3, 1, 8), Duplicate)
	for _, c := range []struct {
		name string
		want Verdict
		spec Spec
		ops  []Op
	}{
		{"a cancel of what only a duplicate shows, at a stock that does not follow", Fail, shelf(10),
			[]Op{lost, again, about(ok(Cancel, 1, Absent, 4, 5, 2, 11), 0)}},
		{"a cancel behind a vacant version, of what only a duplicate shows", Fail, shelf(10),
			[]Op{lost, again, about(ok(Cancel, 1, Absent, 4, 5, 3, 11), 0), unansweredOp(Restock, 2, 3, 1)}},
		{"a cancel that found nothing, beside an unanswered one of what had been committed", Fail, shelf(10),
			[]Op{ok(Deduct, 0, 2, 1, 2, 1, 8), about(ok(Commit, 1, Absent, 3, 9, 2, 8), 0), about(unansweredOp(Cancel, 2, Absent, 3), 0),
				told(about(ok(Cancel, 2, Absent, 4, 5, 1, 8), 0), NoEffect)}},
		{"a rejection that returned when the limit that it saw was set", Pass, Spec{Initial: State{Stock: 3, Limit: 3}},
			[]Op{told(ok(Deduct, 0, 5, 1, 5, 1, 3), Rejected), about(ok(SetLimit, 1, Absent, 5, 6, 1, 3), 0)}},
		{"a rejection that the limit set at its return does not explain", Fail, shelf(3),
			[]Op{told(ok(Deduct, 0, 5, 1, 5, 1, 3), Rejected), about(ok(SetLimit, 1, Absent, 5, 6, 1, 3), 2)}},
		{"an exchange that was rejected, for what an unanswered commit had ended", Pass, Spec{Sequenced: true, Initial: State{Stock: 2}},
			[]Op{ok(Deduct, 0, 2, 1, 2, 1, 0), about(unansweredOp(Commit, 1, Absent, 2), 0), ok(Read, Absent, 0, 2, 3, 2, 0),
				told(about(ok(Deduct, 2, 2, 3, 4, 3, 0), 0), Rejected)}},
		{"an exchange that was rejected, and nothing had ended what it gives back", Fail, Spec{Sequenced: true, Initial: State{Stock: 2}},
			[]Op{ok(Deduct, 0, 2, 1, 2, 1, 0), told(about(ok(Deduct, 2, 2, 3, 4, 2, 0), 0), Rejected)}},
	} {
		t.Run(c.name, func(t *testing.T) { judgedAs(t, c.want, c.spec, !c.spec.Sequenced || c.want == Fail, c.ops...) })
	}
}
