package linear

import "fmt"

// realTime applies the basic lemma (doc.go): nothing stands before what returned before its call. It
// leaves in behind, by place, the least return of what stands behind the place's mutation.
func (c *chain) realTime() *Report {
	c.behind = make([]int64, len(c.slot)+1)
	fill(c.behind, Open)
	observers := false
	for i := range c.ops {
		op := &c.ops[i]
		p := c.placeOf(i) // a duplicate stands somewhere behind the first answer
		switch {
		case op.Outcome == Duplicate:
		case p == none || c.slot[p] == int32(i):
			continue
		default:
			observers = true
		}
		c.behind[p] = min(c.behind[p], op.Return)
	}
	least := Open
	for p := len(c.slot) - 1; p >= 0; p-- {
		least = min(least, c.behind[p])
		c.behind[p] = least
		if i := c.slot[p]; i != none {
			if c.ops[i].Call > least {
				return c.inverted(i, int32(p), least)
			}
			least = min(least, c.ops[i].Return)
		}
	}
	if !observers {
		return nil
	}
	for i := range c.ops {
		if p := c.at[i]; p != none && c.slot[p] != int32(i) && c.ops[i].Call > c.from(p+1) {
			return c.inverted(int32(i), p, c.from(p+1))
		}
	}
	return nil
}

// from is the least return of all that stands at a place or behind it.
func (c *chain) from(p int32) int64 {
	if int(p) >= len(c.slot) {
		return Open
	}
	if i := c.slot[p]; i != none {
		return min(c.behind[p], c.ops[i].Return)
	}
	return c.behind[p]
}

// inverted reports operation i at place p, which was called after something behind it had returned.
func (c *chain) inverted(i, p int32, returned int64) *Report {
	r := failed(RuleRealTime, "", show(Offender, c.ops, int(i)))
	for j := range c.ops {
		op, q := &c.ops[j], c.placeOf(j)
		if op.Return == returned && q >= p && int32(j) != i && q != none {
			r.Why = fmt.Sprintf("version %d was returned at %d, before the call, at %d, of what stands at %d", c.version(q),
				returned, c.ops[i].Call, c.version(p))
			r.Evidence = append(r.Evidence, show(Witness, c.ops, j))
			r.Slice = &Slice{c.version(p) - 1, c.version(q)}
			break
		}
	}
	return &r
}
