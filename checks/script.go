package checks

import (
	"cmp"
	"fmt"
	"slices"

	"stockproof/model"
)

// token is what the script remembers an order by.
type token struct {
	order model.ID
	sku   model.SKU
}

// line groups order lines that nobody can tell apart by what the script saw of them.
type line struct {
	token
	qty int64
}

// asked is a question to the script and its reply.
type asked struct {
	line
	kind  EffectKind
	reply Reply
}

// seenEffect is an effect with its place in the history.
type seenEffect struct {
	Effect
	event int
}

func (e seenEffect) token() token { return token{e.Order, e.SKU} }
func (e seenEffect) line() line   { return line{e.token(), e.Qty} }

// script is everything that the script replied and the truth's rows say, put side by side.
type script struct {
	effects []seenEffect           // without the dry shards that were passed over
	replies map[asked][]seenEffect // effects by line, kind and reply
	byToken map[token][]seenEffect
	rows    map[token][]*CommandRow
	tokens  []token // of rows, in the order of the rows
	initial map[model.SKU]int64
}

// openScript pairs the effects with the rows of the truth.
func openScript(effects []seenEffect, a *Audit) *script {
	s := &script{effects: finalReplies(effects), replies: map[asked][]seenEffect{},
		byToken: map[token][]seenEffect{}, rows: map[token][]*CommandRow{},
		initial: map[model.SKU]int64{}}
	for _, e := range s.effects {
		q := asked{e.line(), e.Kind, e.Reply}
		s.replies[q] = append(s.replies[q], e)
		s.byToken[e.token()] = append(s.byToken[e.token()], e)
	}
	sorted := make([]*CommandRow, len(a.Commands))
	for i := range a.Commands {
		sorted[i] = &a.Commands[i]
	}
	slices.SortStableFunc(sorted, func(x, y *CommandRow) int { return cmp.Compare(x.Row, y.Row) })
	for _, c := range sorted {
		t := token{c.OrderID, c.SKU}
		if len(s.rows[t]) == 0 {
			s.tokens = append(s.tokens, t)
		}
		s.rows[t] = append(s.rows[t], c)
	}
	for _, row := range a.Stock {
		s.initial[row.SKU] = row.Initial
	}
	return s
}

// finalReplies leaves out the dry shards that a worker passed over: of a sharded SKU, INSUFFICIENT is a
// decision only when no other shard was tried after it.
func finalReplies(effects []seenEffect) []seenEffect {
	type round struct {
		shards []int // tried so far
		last   int   // index of the latest INSUFFICIENT
	}
	rounds := map[line]*round{}
	passed := make([]bool, len(effects))
	for i, e := range effects {
		if e.Kind == Set {
			continue
		}
		r := rounds[e.line()]
		if r != nil && !slices.Contains(r.shards, e.Shard) {
			passed[r.last] = true
		} else {
			r = &round{}
		}
		if e.Reply != Insufficient {
			delete(rounds, e.line())
			continue
		}
		r.shards, r.last = append(r.shards, e.Shard), i
		rounds[e.line()] = r
	}
	var final []seenEffect
	for i, e := range effects {
		if !passed[i] {
			final = append(final, e)
		}
	}
	return final
}

// units of a row as the script gets them: never negative.
func scriptUnits(c *CommandRow) int64 {
	if c.Kind == model.Adjust {
		return abs(c.Delta.Value)
	}
	return c.Qty
}

// takes reports whether the script is asked to deduct for the row.
func takes(c *CommandRow) bool {
	return c.Kind == model.Reserve || c.Kind == model.Adjust && c.Delta.Value < 0
}

// alike are the rows that ask for what the line asks, in row order.
func (s *script) alike(l line, kind EffectKind) []*CommandRow {
	var rows []*CommandRow
	for _, c := range s.rows[l.token] {
		if scriptUnits(c) == l.qty && takes(c) == (kind == Deduct) {
			rows = append(rows, c)
		}
	}
	return rows
}

// step is one effect with what was really free when it happened.
type step struct {
	seenEffect
	rows  []*CommandRow // that it can be for; none: the truth knows no such line
	nth   int           // Done: how many alike were done so far, this one included
	first seenEffect    // Done and a repetition: one that was done before it
	// free is the least that was left, while it may have run, of initial stock and the credits the speed
	// layer had been told of, each counted once; high is what was left before it, and counts also credits
	// that a blind SET may have brought before their events.
	free, high int64
}

// repeated reports whether more such lines were done than there are.
func (s step) repeated() bool { return s.nth > max(1, len(s.rows)) }

// walk visits the effects in order. A line that is deducted twice is one grant, and a restock that is
// credited twice is one restock: the walk knows what is real, whatever the speed layer believes.
func (s *script) walk(visit func(step)) {
	free := map[model.SKU]int64{}
	pending := map[model.SKU]int64{} // credits that the truth has and the speed layer was not told of
	early := map[model.SKU]bool{}
	for sku, n := range s.initial {
		free[sku] = n
	}
	for _, t := range s.tokens {
		for _, c := range s.rows[t] {
			if !takes(c) && c.Decision.Outcome != model.RejectedInsufficient {
				pending[c.SKU] += scriptUnits(c)
			}
		}
	}
	done := map[line][]seenEffect{}
	taken := takings{held: map[token]int64{}, owed: map[token]int64{}}
	past := map[model.SKU][]level{}
	for _, e := range s.effects {
		if e.Kind == Set {
			early[e.SKU] = early[e.SKU] || e.Qty > free[e.SKU]
			continue
		}
		st := step{seenEffect: e, rows: s.alike(e.line(), e.Kind), high: free[e.SKU],
			free: least(past[e.SKU], e.Since, free[e.SKU])}
		if early[e.SKU] {
			st.high += pending[e.SKU]
		}
		if e.Reply == Done {
			before := done[e.line()]
			done[e.line()] = append(before, e)
			st.nth = len(before) + 1
			past[e.SKU] = append(past[e.SKU], level{e.event, free[e.SKU]})
			if st.repeated() {
				st.first = before[len(before)-1]
			} else if e.Kind == Deduct {
				free[e.SKU] -= e.Qty - taken.take(e.token(), e.Qty)
			} else {
				free[e.SKU] += taken.giveBack(st.rows, e)
				pending[e.SKU] -= e.Qty
			}
		}
		visit(st)
	}
}

// takings are the units that orders hold. A cancellation gives back what its order took: what it gives back
// before, nobody had.
type takings struct{ held, owed map[token]int64 }

// take notes that an order took units, and says how many a cancellation had given back already.
func (t takings) take(order token, qty int64) (back int64) {
	back = min(t.owed[order], qty)
	t.owed[order] -= back
	t.held[order] += qty - back
	return back
}

// giveBack is how many units of a credit are there to be sold: all, unless it cancels an order that had less.
func (t takings) giveBack(rows []*CommandRow, e seenEffect) int64 {
	if len(rows) == 0 || rows[0].Kind != model.Release || rows[0].Ref.IsZero() {
		return e.Qty
	}
	order := token{rows[0].Ref, e.SKU}
	back := min(t.held[order], e.Qty)
	t.held[order] -= back
	t.owed[order] += e.Qty - back
	return back
}

// level is what was free before an effect.
type level struct {
	event int
	free  int64
}

// least is the smallest amount that was free from event since on, where now is free at the end; with
// since 0 only now counts.
func least(past []level, since int, now int64) int64 {
	for i := len(past) - 1; i >= 0 && since > 0 && past[i].event > since; i-- {
		now = min(now, past[i].free)
	}
	return now
}

// effectEvidence refers to an effect.
func (h *Header) effectEvidence(role Role, e seenEffect) Evidence {
	text := fmt.Sprintf("%s %d of %q for order %s: ", effectNames[e.Kind], e.Qty, e.SKU, h.name(e.Order))
	switch e.Reply {
	case Done:
		text += "done"
	case Already:
		text += "ALREADY_PROCESSED"
	case Insufficient:
		text += "INSUFFICIENT_STOCK"
	}
	if e.Kind == Set {
		text = fmt.Sprintf("set %q to %d", e.SKU, e.Qty)
	}
	if e.Before >= 0 && (e.Reply == Done || e.Kind == Set) {
		text += fmt.Sprintf(" (stock %d -> %d)", e.Before, e.After)
	}
	return Evidence{Role: role, Event: e.event, Order: e.Order, Row: e.Row, Units: e.Qty, Text: text,
		Lane: model.LaneKey{SKU: e.SKU, Loc: model.MainLocation}}
}

// effects is the part of a checker that keeps the script's effects.
type effects struct{ seen []seenEffect }

func (s *effects) observe(index int, e Event) {
	if effect, ok := e.(Effect); ok {
		s.seen = append(s.seen, seenEffect{effect, index})
	}
}
