package linear

// place is where an order of operations has led: the state, and which of the pending operations it includes.
type place[S comparable] struct {
	state S
	in    [pendingMost / 64]uint64
}

// configuration is what may be true at one time: a place, and how many of the operations that nobody was
// answered for it took to get there, by class.
type configuration[S comparable] struct {
	place[S]
	lost string // a byte for each class; what is missing at the end is zero
}

// trail is how a configuration came about: the order of the operations, the last one first.
type trail struct {
	op     int32 // ^i: refused
	before *trail
}

// frontier is a set of configurations without the ones that another makes superfluous: what is at the same
// place and took no more of any class can go wherever the other can, for what was never answered need never
// have happened. The zero value is empty.
type frontier[S comparable] struct {
	leads  map[place[S]][]lead
	places []place[S] // in the order in which they were reached: a witness does not depend on a map's
	n      int        // configurations
}

type lead struct {
	lost string
	t    *trail
}

// add reports whether c says something that nothing in the set says.
func (f *frontier[S]) add(c configuration[S], t *trail) bool {
	leads, known := f.leads[c.place]
	for _, l := range leads {
		if within(l.lost, c.lost) {
			return false
		}
	}
	kept := leads[:0]
	for _, l := range leads {
		if !within(c.lost, l.lost) {
			kept = append(kept, l)
		}
	}
	f.n += len(kept) + 1 - len(leads)
	if f.leads == nil {
		f.leads = map[place[S]][]lead{}
	}
	if !known {
		f.places = append(f.places, c.place)
	}
	f.leads[c.place] = append(kept, lead{c.lost, t})
	return true
}

// all yields the configurations with their trails.
func (f *frontier[S]) all(yield func(configuration[S], *trail) bool) {
	for _, p := range f.places {
		for _, l := range f.leads[p] {
			if !yield(configuration[S]{p, l.lost}, l.t) {
				return
			}
		}
	}
}

// within reports whether x took no more of any class than y.
func within(x, y string) bool {
	for i := range len(x) {
		if x[i] > 0 && (i >= len(y) || x[i] > y[i]) {
			return false
		}
	}
	return true
}
