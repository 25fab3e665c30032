package explore

import (
	"fmt"
	"math/bits"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/luahost"
	"stockproof/sim"
	"stockproof/sim/engine"
)

// What runs twice has to run alike: a share of all executions, those that are drawn and those of a search, and all of them
// where that is asked for.

// twiceOf is the default share: one in so many.
const twiceOf = 64

// runsTwice reports whether execution n does, of which one in so many is to.
func runsTwice(n, oneIn int) bool { return n%oneIn == oneIn-1 }

// steps are what an execution does that runs twice.
type steps []step

type step struct {
	what    string
	at      time.Time // virtual
	servers uint64    // what they held behind it; 0: nobody looked
}

func (s step) String() string { return s.what + " at " + s.at.Format("15:04:05.000000") }

// note hears of the steps of a simulation ([sim.SimulationConfig.Stepped]).
func (s *steps) note(of *sim.Simulation, p engine.Point) {
	x := step{what: p.String(), at: of.Engine.Now()}
	if len(*s)%lookEvery(len(*s)) == 0 {
		x.servers = of.ServersDigest()
	}
	*s = append(*s, x)
}

// lookEvery is behind which steps it is looked at what the servers hold, around the nth: behind each in the beginning, and 128
// times while their number doubles after that. The longer a run, the more there is to sum up: behind each of its steps, it
// would take longer than the run by far.
func lookEvery(n int) int { return max(1, 1<<bits.Len(uint(n))>>8) }

// divergence is the first step at which the same execution did another thing the second time.
func (s steps) divergence(then steps) string {
	for i, first := range s {
		switch {
		case i >= len(then):
			return fmt.Sprintf("step %d: %s; then: nothing", i+1, first)
		case then[i].what != first.what || then[i].at != first.at:
			return fmt.Sprintf("step %d: %s; then: %s", i+1, first, then[i])
		case then[i].servers != first.servers:
			since := ""
			if every := lookEvery(i); every > 1 {
				since = fmt.Sprintf(", perhaps since one of the %d steps before", every-1)
			}
			return fmt.Sprintf("step %d: %s; then: the same, and the servers hold something else behind it%s", i+1, first, since)
		}
	}
	if len(then) > len(s) {
		return fmt.Sprintf("step %d: nothing; then: %s", len(s)+1, then[len(s)])
	}
	return "none, the same steps were taken"
}

// repeat runs the execution again and compares, and lets several judges say what they think of it.
func (k *campaign) repeat(e *engine.Engine, lua *luahost.Host, x execution, first uint64, did steps) error {
	var again steps
	x.judges, x.stepped = k.Judges, again.note
	out, err := x.run(e, lua, nil)
	if err != nil {
		return err
	}
	if len(out.Disagreements) > 0 {
		return &DisagreementError{Execution: x.n, Lanes: out.Disagreements}
	}
	if out.Digest == first {
		return nil
	}
	return &NondeterminismError{Execution: x.n, First: first, Then: out.Digest, Step: did.divergence(again)}
}

// repeat carries out what an execution of the search did once more: the same choices, to where it ended. It must
// take the same steps and come to the same state.
func (s *search) repeat(e *engine.Engine, lua *luahost.Host, n int, first *walker, was sim.Outcome) error {
	w := &walker{search: s, prefix: first.own.choices(), left: s.Faults, replay: true, like: first}
	w.stepped = w.did.note
	out, err := w.run(e, lua, s.base)
	if err != nil {
		return err
	}
	if digest, then := first.digest(was), w.digest(out); digest != then {
		for _, x := range []*walker{first, w} {
			x.did = append(x.did, step{what: fmt.Sprintf("left in state %x", x.end), at: x.s.Engine.Now()})
		}
		return &NondeterminismError{Execution: n, First: digest, Then: then, Step: first.did.divergence(w.did)}
	}
	s.again.Add(1)
	return nil
}

// digest is what an execution of the search did, and the state in which it was given up.
func (w *walker) digest(out sim.Outcome) uint64 {
	h := memory.NewHash()
	h.Word(out.Digest)
	h.Word(uint64(out.Steps))
	h.Word(w.end)
	return uint64(h)
}
