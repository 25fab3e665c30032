package explore

import "stockproof/sim"

// Counts are what became of order lines and deliveries, added up over executions.
type Counts struct {
	Granted, Rejected, Cancelled int // order lines, by their final outcome
	Decisions                    int // of order lines and of whatever else moves stock
	Duplicates, DeadLetters      int64
}

func countsOf(out sim.Outcome) Counts {
	s := out.Summary
	return Counts{s.Granted, s.Rejected, s.Cancelled, s.Decisions(), out.Duplicates, out.DeadLetters}
}

func (c *Counts) add(d Counts) {
	c.Granted, c.Rejected, c.Cancelled = c.Granted+d.Granted, c.Rejected+d.Rejected, c.Cancelled+d.Cancelled
	c.Decisions += d.Decisions
	c.Duplicates, c.DeadLetters = c.Duplicates+d.Duplicates, c.DeadLetters+d.DeadLetters
}
