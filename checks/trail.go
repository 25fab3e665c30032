package checks

import (
	"cmp"
	"fmt"
	"slices"

	"stockproof/model"
)

// A design with [StockAfter] does not record the order of its decisions, only the stock each of them
// left. That is enough to tell whether any order explains them: take every stock value as a place and
// every decision as a step from the stock before it to the stock after it (a rejection steps in
// place). The decisions happened one after the other exactly if the steps form one trail from the
// initial stock to the final one, and by Euler a trail exists if every place is left as often as it is
// entered, but for the two ends, and all steps are connected. Two decisions that both started from the
// same stock - a lost update - break the first condition.

// stockStep is one decision of a SKU.
type stockStep struct {
	row           *CommandRow
	before, after int64
}

// shelf is one SKU of a truth without lanes.
type shelf struct {
	stock StockRow
	steps []stockStep // in the order of the audit
}

// openShelves sorts the decided commands by SKU. A SKU with decisions and no stock row has initial and
// final stock 0.
func openShelves(a *Audit) []shelf {
	at := map[model.SKU]int{}
	var shelves []shelf
	open := func(row StockRow) int {
		i, ok := at[row.SKU]
		if !ok {
			i = len(shelves)
			at[row.SKU] = i
			shelves = append(shelves, shelf{stock: row})
		}
		return i
	}
	for _, row := range a.Stock {
		open(row)
	}
	for i := range a.Commands {
		c := &a.Commands[i]
		if !c.Decision.Decided() {
			continue
		}
		s := &shelves[open(StockRow{SKU: c.SKU})]
		s.steps = append(s.steps, stockStep{c, c.Decision.Avail - stockEffect(c), c.Decision.Avail})
	}
	slices.SortFunc(shelves, func(x, y shelf) int { return cmp.Compare(x.stock.SKU, y.stock.SKU) })
	return shelves
}

// stockEffect is what a decided command adds to the stock row of its SKU, in units: there a grant takes
// the units at once, and a COMMIT takes nothing more.
func stockEffect(c *CommandRow) int64 {
	if !c.Decision.Outcome.Grants() || c.Withdrawn {
		return 0
	}
	switch c.Kind {
	case model.Reserve:
		return -c.Decision.Granted
	case model.Release, model.Expire, model.Restock, model.Adjust, model.Return:
		return c.Decision.Granted
	}
	return 0
}

// explain reports why no order of the decisions explains the stocks they left.
func (s shelf) explain(h *Header, f *findings) {
	balance := map[int64]int{s.stock.Initial: 1} // entered minus left, the start counts as entered
	var places []int64
	for _, st := range s.steps {
		balance[st.before]--
		balance[st.after]++
		places = append(places, st.before, st.after)
	}
	balance[s.stock.Stock]--
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if balance[place] < 0 {
			s.lostUpdate(h, f, place)
			return
		}
	}
	s.unreached(h, f)
}

// lostUpdate names two effects that started from the same stock.
func (s shelf) lostUpdate(h *Header, f *findings, place int64) {
	var evidence []Evidence
	var units int64
	for _, st := range s.steps {
		if st.before == place && st.after != place && len(evidence) < 2 {
			e := h.rowEvidence([...]Role{Witness, Offender}[len(evidence)], st.row)
			e.Text += fmt.Sprintf(" (stock %d -> %d)", st.before, st.after)
			evidence = append(evidence, e)
			units = abs(st.after - st.before)
		}
	}
	f.add(units, fmt.Sprintf("stock of %q was %d fewer times than decisions started from it: an effect "+
		"was lost or made twice", s.stock.SKU, place), evidence...)
}

// unreached names a decision whose stock was never reached from the initial one.
func (s shelf) unreached(h *Header, f *findings) {
	next := map[int64][]int64{}
	for _, st := range s.steps {
		next[st.before] = append(next[st.before], st.after)
		next[st.after] = append(next[st.after], st.before)
	}
	reached := map[int64]bool{s.stock.Initial: true}
	for queue := []int64{s.stock.Initial}; len(queue) > 0; queue = queue[1:] {
		for _, place := range next[queue[0]] {
			if !reached[place] {
				reached[place] = true
				queue = append(queue, place)
			}
		}
	}
	for _, st := range s.steps {
		if !reached[st.before] {
			e := h.rowEvidence(Offender, st.row)
			e.Text += fmt.Sprintf(" (stock %d -> %d)", st.before, st.after)
			f.add(st.row.Qty, fmt.Sprintf("stock of %q was never %d, where a decision says it started",
				s.stock.SKU, st.before), e)
			return
		}
	}
}
