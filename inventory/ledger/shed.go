package ledger

import (
	"context"

	"stockproof/inventory"
	"stockproof/model"
)

// shedding is an admission that refuses under load instead of making its callers wait: when the queue
// of its group commit is full, and when the speed layer shows that an order cannot be granted.
//
// SHED is no decision. Nothing of it is stored, the same ids may come again, and the speed layer only
// hints: it decides nothing. So it is never said of what somebody has accepted before: a client whose
// answer was lost would be told to try later what it already has. An order's end is never shed either,
// because it gives units back, or has been paid for.
type shedding struct {
	*admission
	levels *stock
	ageMS  int64 // how old the view of the speed layer may be
}

// Admit implements [inventory.Admission].
func (s *shedding) Admit(ctx context.Context, sub inventory.Submission) ([]inventory.Answer, error) {
	if !s.hopeless(ctx, sub) {
		if as, taken, err := s.gather.AskNow(ctx, request{Submission: sub}); taken {
			return as, err
		}
	}
	as, err := s.Lookup(ctx, []inventory.Submission{sub})
	if err != nil {
		return nil, err
	}
	for _, a := range as {
		if a.Status != inventory.Absent {
			return s.admission.Admit(ctx, sub) // it waits its turn, and is answered what is stored
		}
	}
	s.monitor.Count("shed", int64(len(as)))
	for i, c := range sub.Commands {
		as[i] = inventory.AnswerTo(c, inventory.Shed)
	}
	return as, nil
}

// hopeless reports that a fresh view of the speed layer leaves no unit for the order: for any line of
// an all-or-nothing one, for every line of a partial one. What it does not know is no reason.
func (s *shedding) hopeless(ctx context.Context, sub inventory.Submission) bool {
	if sub.Order == nil {
		return false
	}
	var lanes []model.LaneKey
	for _, c := range sub.Commands {
		lanes = append(lanes, c.Lane())
	}
	levels, err := s.levels.Speed(ctx, lanes)
	if err != nil {
		s.monitor.Alarm("shed: read the speed layer", err)
		return false
	}
	out := 0
	for _, l := range levels {
		if l.Known && l.AgeMS >= 0 && l.AgeMS <= s.ageMS && l.Avail <= -l.Limit {
			out++
		}
	}
	return out == len(levels) || sub.Order.Policy == model.AllOrNothing && out > 0
}
