package linear

import (
	"fmt"
	"slices"
)

// byVersion places every operation at the version that its answer shows.
func byVersion(spec *Spec, ops []Op) (*chain, *Report) {
	top, takers, duplicates := int64(none), int64(0), false
	for i := range ops {
		op := &ops[i]
		if op.answered() && (top == none || op.Seq > ops[top].Seq) {
			top = int64(i)
		}
		if op.Outcome == Unknown || takesVersion(op, spec.Sequenced) {
			takers++
		}
		duplicates = duplicates || op.Outcome == Duplicate
	}
	places := int64(0)
	if top != none {
		places = max(0, ops[top].Seq-spec.Initial.Seq)
	}
	if places > takers {
		r := failed(RuleVersions, fmt.Sprintf("version %d was shown, and at most %d operations can have taken one since %d",
			ops[top].Seq, takers, spec.Initial.Seq), show(Offender, ops, int(top)))
		return nil, &r
	}
	c := newChain(spec, ops, places)
	for i := range ops {
		if r := c.placeByVersion(int32(i)); r != nil {
			return nil, r
		}
	}
	c.settlePending()
	if duplicates {
		if r := c.duplicates(); r != nil {
			return nil, r
		}
	}
	return c, nil
}

// placeByVersion places one operation, duplicates and the unanswered excepted.
func (c *chain) placeByVersion(i int32) *Report {
	op := &c.ops[i]
	c.at[i] = none
	switch op.Outcome {
	case Never, Duplicate:
		return nil
	case Unknown:
		if op.Kind != Read {
			c.spare = append(c.spare, i)
		}
		return nil
	}
	place := op.Seq - c.spec.Initial.Seq
	takes := takesVersion(op, c.spec.Sequenced)
	if place < 0 || place == 0 && takes {
		r := failed(RuleVersions, fmt.Sprintf("version %d is from before the start, which was version %d", op.Seq,
			c.spec.Initial.Seq), show(Offender, c.ops, int(i)))
		return &r
	}
	if takes {
		if r := c.put(i, int32(place)); r != nil {
			return r
		}
	}
	c.at[i] = int32(place)
	return c.see(i, int32(place), op.Remaining)
}

// settlePending drops the unanswered attempts of what was answered first, which did nothing, and merges
// those of one id: whichever took effect, it was not before the earliest call.
func (c *chain) settlePending() {
	c.pending = make(map[int64]int32, len(c.spare))
	for _, i := range c.spare {
		if op := &c.ops[i]; op.ID >= 0 && c.first[op.ID] == none {
			if earliest, again := c.pending[op.ID]; !again || op.Call < c.ops[earliest].Call {
				c.pending[op.ID] = i
			}
		}
	}
	c.spare = slices.DeleteFunc(c.spare, func(i int32) bool {
		id := c.ops[i].ID
		earliest, asked := c.pending[id]
		return id >= 0 && (!asked || earliest != i)
	})
}

// duplicates compares every answer that was remembered with the first one. Where the first one was lost,
// the duplicate shows its place.
func (c *chain) duplicates() *Report {
	for i := range c.ops {
		op := &c.ops[i]
		if op.Outcome != Duplicate {
			continue
		}
		first := c.first[op.ID]
		if first == none {
			asked, ok := c.pending[op.ID]
			place := op.Seq - c.spec.Initial.Seq
			if !ok || place < 1 {
				r := failed(RuleOnce, fmt.Sprintf("id %d is answered as known, and nobody sent it before", op.ID),
					show(Offender, c.ops, i))
				return &r
			}
			first = asked
			if r := c.put(first, int32(place)); r != nil {
				return r
			}
			delete(c.pending, op.ID)
			c.pinned = append(c.pinned, first)
		}
		if c.version(c.at[first]) != op.Seq {
			r := failed(RuleOnce, fmt.Sprintf("id %d took version %d, and is answered again with %d", op.ID,
				c.version(c.at[first]), op.Seq), show(Offender, c.ops, i), show(Witness, c.ops, int(first)))
			return &r
		}
		if r := c.see(int32(i), c.at[first], op.Remaining); r != nil {
			return r
		}
	}
	if len(c.pinned) > 0 {
		c.spare = slices.DeleteFunc(c.spare, func(i int32) bool { return c.at[i] != none })
	}
	return nil
}
