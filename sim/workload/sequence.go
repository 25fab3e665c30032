package workload

import (
	"slices"

	"stockproof/model"
)

// Sequence says which steps wait for which. What concludes an order waits for the order. Steps of a
// barrier kind keep their place among all steps that move the same SKU: they wait for every earlier
// one, and every later one waits for them; so it is known what was sold before a return when the
// return runs. Everything else goes side by side.
func Sequence(steps []Step, barriers ...StepKind) {
	ordered := map[model.ID]*Step{}
	place := map[model.ID]int{}
	type shelf struct {
		barrier int   // index of the latest barrier, -1: none yet
		since   []int // steps behind it
	}
	shelves := map[model.SKU]*shelf{}
	for i := range steps {
		s := &steps[i]
		s.After = s.After[:0]
		switch s.Kind {
		case StepCheckout:
			ordered[s.Order.ID], place[s.Order.ID] = s, i
		case StepCancel, StepCommit:
			s.After = append(s.After, place[s.Order.ID])
		}
		for _, sku := range s.skus(ordered) {
			sh := shelves[sku]
			if sh == nil {
				sh = &shelf{barrier: -1}
				shelves[sku] = sh
			}
			if slices.Contains(barriers, s.Kind) {
				s.After = append(s.After, sh.since...)
				sh.since = sh.since[:0]
			}
			if sh.barrier >= 0 {
				s.After = append(s.After, sh.barrier)
			}
			if slices.Contains(barriers, s.Kind) {
				sh.barrier = i
			} else {
				sh.since = append(sh.since, i)
			}
		}
		slices.Sort(s.After)
		s.After = slices.Compact(s.After)
	}
}
