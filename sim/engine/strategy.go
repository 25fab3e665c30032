package engine

// Generator is the numbers that a strategy draws: package random makes them.
type Generator interface {
	// Below is uniform over 0..n-1; n is at least 1.
	Below(n uint64) uint64
}

// Walk is the random walk: one step in Stay goes on with anybody who can run, the others the usual way.
// 1 is a new choice at every step; large numbers preempt rarely.
type Walk struct {
	Numbers Generator
	Stay    uint64
}

// Next implements [Chooser].
func (w *Walk) Next(_ Point, ready []*Actor, usual int) int {
	if len(ready) == 1 || w.Stay > 1 && w.Numbers.Below(w.Stay) != 0 {
		return usual
	}
	return int(w.Numbers.Below(uint64(len(ready))))
}

// PCT is probabilistic concurrency testing (Burckhardt et al., A Randomized Scheduler with Probabilistic
// Guarantees of Finding Bugs, ASPLOS 2010): the actor of the highest priority runs; priorities are random,
// and at Changes steps chosen among Length the one that ran falls below all others. A bug of depth
// Changes+1 is found with probability 1/(actors * Length^Changes) at least.
type PCT struct {
	Numbers Generator
	Length  int // steps of a run, about
	Changes int

	step       int
	at         []int // steps at which the running actor falls
	priorities []uint64
	lowest     uint64
}

// high is where the random priorities begin: below are those that fell.
const high = 1 << 32

// Next implements [Chooser].
func (p *PCT) Next(last Point, ready []*Actor, usual int) int {
	if p.at == nil {
		p.lowest = high
		p.at = make([]int, p.Changes)
		for i := range p.at {
			p.at[i] = int(p.Numbers.Below(uint64(max(p.Length, 1)))) + 1
		}
	}
	p.step++
	for _, at := range p.at {
		if at == p.step && last.Actor != nil {
			p.lowest--
			p.give(last.Actor.id, p.lowest)
		}
	}
	best := 0
	for i, a := range ready {
		if p.of(a.id) > p.of(ready[best].id) {
			best = i
		}
	}
	return best
}

// of is an actor's priority; a new one draws it.
func (p *PCT) of(id int) uint64 {
	for len(p.priorities) <= id {
		p.priorities = append(p.priorities, high+p.Numbers.Below(high))
	}
	return p.priorities[id]
}

func (p *PCT) give(id int, priority uint64) {
	p.of(id)
	p.priorities[id] = priority
}
