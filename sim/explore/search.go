package explore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/sim"
	"stockproof/sim/engine"
)

// path is a sequence of choices, the last one here.
type path struct {
	before *path
	choice uint16
	depth  uint16
	asleep sleepers // behind the last choice
}

func (p *path) choices() []uint16 {
	if p == nil {
		return nil
	}
	cs := make([]uint16, p.depth)
	for ; p != nil; p = p.before {
		cs[p.depth-1] = p.choice
	}
	return cs
}

func (p *path) then(c int) *path {
	d := uint16(1)
	if p != nil {
		d = p.depth + 1
	}
	return &path{before: p, choice: uint16(c), depth: d}
}

// search is what the cores share.
type search struct {
	Scope
	base  sim.SimulationConfig
	began time.Time
	offered
	alike []alike

	speedUser atomic.Pointer[string] // the process that asks Redis, as long as it is one
	shared    bool                   // several do
	polls     bool                   // polls may fail, and their callers sleep

	visited    [64]shard
	sleepSets  sleepSets
	states     atomic.Int64
	executions atomic.Int64 // begun
	ends       atomic.Int64
	again      atomic.Int64
	steps      atomic.Int64
	halted     atomic.Bool // executions that are under way end, too

	mu       sync.Mutex
	verdicts map[uint64]bool
	more     *sync.Cond
	paths    []*path // to be carried out, the latest first
	busy     int
	over     bool
	cut      bool // it ended before everything was visited
	err      error
	finding  *Trace
	progress time.Time

	struck    map[string]int // by kind
	counts    Counts         // of the ends
	undecided int            // ends
	limited   int            // executions that the step limit ended
	doubt     string
}

// visit is [shard.visit] of the state's shard.
func (s *search) visit(state uint64, asleep []uint64) (base, awake []uint64, seen bool) {
	base, awake, seen = s.visited[state%uint64(len(s.visited))].visit(&s.sleepSets, state, asleep)
	if !seen {
		n := s.states.Add(1)
		if s.States > 0 && n >= int64(s.States) {
			s.halt(nil)
		}
	}
	return base, awake, seen
}

// What ends a search that took for granted what turned out otherwise: it begins again.
var (
	errShared = errors.New("explore: Redis has two users")
	errPolls  = errors.New("explore: a poll fails and its caller sleeps")
)

// onlyUser reports whether nobody else asks Redis. Should somebody do later, the search begins again.
func (s *search) onlyUser(a *engine.Actor) bool {
	if s.shared {
		return false
	}
	name, _, _ := strings.Cut(a.Proc.Name, "'")
	if first := s.speedUser.Load(); first == nil {
		s.speedUser.CompareAndSwap(nil, &name)
	}
	if *s.speedUser.Load() == name {
		return true
	}
	s.halt(errShared)
	return false
}

// halt ends the search before its time.
func (s *search) halt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over, s.cut, s.err = true, true, err
		s.halted.Store(true)
	}
	s.more.Broadcast()
}

// next is a path to carry out, and the number of the execution; false when the search is over.
func (s *search) next() (*path, int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.paths) == 0 && s.busy > 0 && !s.over {
		s.more.Wait()
	}
	if s.Executions > 0 && len(s.paths) > 0 && s.executions.Load() >= int64(s.Executions) {
		s.over, s.cut = true, true
	}
	if s.over || len(s.paths) == 0 {
		s.over = true
		s.more.Broadcast()
		return nil, 0, false
	}
	p := s.paths[len(s.paths)-1]
	s.paths = s.paths[:len(s.paths)-1]
	s.busy++
	return p, int(s.executions.Add(1)) - 1, true
}

func (s *search) push(ps []*path) {
	if len(ps) == 0 {
		return
	}
	s.mu.Lock()
	s.paths = append(s.paths, ps...)
	s.mu.Unlock()
	s.more.Broadcast()
}

func (s *search) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.more.Broadcast()
	if s.Progress != nil && time.Since(s.progress) > 500*time.Millisecond {
		s.progress = time.Now()
		s.Progress(s.proofLocked())
	}
}

func (s *search) proof() Proof {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proofLocked()
}

func (s *search) proofLocked() Proof {
	return Proof{States: int(s.states.Load()), Executions: int(s.executions.Load()), Ends: int(s.ends.Load()), Again: int(s.again.Load()),
		Steps: s.steps.Load(), Elapsed: time.Since(s.began), Counts: s.counts, Finding: s.finding, Verdicts: s.verdictSum(),
		Struck: maps.Clone(s.struck), Never: s.never(), Undecided: s.undecided, Doubt: s.doubt, Limited: s.limited}
}

// never are the kinds of the scope that have struck nowhere.
func (s *search) never() (kinds []string) {
	asked := s.Also
	if s.Faults > 0 {
		asked = slices.Concat(s.Kinds, s.Also)
	}
	for _, f := range s.base.Faults {
		asked = append(asked[:len(asked):len(asked)], f.Kind)
	}
	for _, k := range asked {
		if s.struck[k] == 0 && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// judged remembers how an execution ended. When something was decided is no part of it: behind the rest time passes, and who was
// tried again by then has other times to come than who was not, in the same state.
func (s *search) judged(out sim.Outcome, by *memory.Shapes) {
	h := memory.NewHash()
	for _, r := range out.Reports {
		h.Word(uint64(r.Guarantee)<<8 | uint64(r.Verdict))
	}
	h.ValueOf(by, out.Audit.Lanes)
	h.ValueOf(by, out.Audit.Stock)
	h.Word(uint64(len(out.Audit.Ledger)))
	for _, r := range out.Audit.Ledger {
		r.DecidedAt = 0
		h.ValueOf(by, r)
	}
	h.ValueOf(by, out.Audit.Speed)
	doubt := ""
	if d := doubtOf(0, out, s.Want); !out.Cut && d != nil {
		doubt = d.what()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if out.Cut { // what it would have come to is not known
		s.cut = true
		s.limited++
	}
	s.verdicts[uint64(h)] = true
	s.counts.add(countsOf(out))
	for _, kind := range out.Struck { // of the scenario's own faults
		s.struck[kind]++
	}
	if doubt != "" {
		s.undecided++
		s.doubt = doubt
	}
}

// verdictSum is independent of the order in which the ends were seen.
func (s *search) verdictSum() (sum uint64) {
	for v := range s.verdicts {
		sum += v
	}
	return sum
}

// core carries out paths.
func (s *search) core() {
	e := engine.New(engine.Options{})
	defer e.Close()
	lua := luahost.New()
	for {
		p, n, ok := s.next()
		if !ok {
			return
		}
		out, w, err := s.execute(e, lua, p, runsTwice(n, s.Twice))
		if err != nil {
			err = fmt.Errorf("path %v: %w", w.own.choices(), err)
		} else if w.lost != "" {
			err = &NondeterminismError{Execution: n, Step: w.lost}
		} else if w.twice && !s.halted.Load() {
			err = s.repeat(e, lua, n, w, out)
		}
		switch {
		case err != nil:
			s.halt(err)
		case !out.Halted:
			s.ends.Add(1)
			s.judged(out, e.Shapes())
			if g, failed := Violated(out, s.Want...); failed {
				s.found(e, lua, w.own, g)
			}
		}
		s.done()
	}
}

func (s *search) execute(e *engine.Engine, lua *luahost.Host, p *path, twice bool) (sim.Outcome, *walker, error) {
	w := &walker{search: s, prefix: p.choices(), left: s.Faults, twice: twice}
	if p != nil {
		w.coming = p.asleep
	}
	if twice {
		w.stepped = w.did.note
	}
	out, err := w.run(e, lua, s.base)
	s.steps.Add(int64(out.Steps))
	return out, w, err
}

// found keeps the shortest violation and ends the search.
func (s *search) found(e *engine.Engine, lua *luahost.Host, p *path, g checks.Guarantee) {
	t := &Trace{Guarantee: g}
	w := &walker{search: s, prefix: p.choices(), left: s.Faults, replay: true}
	w.note = func(line string) { t.Steps = append(t.Steps, line) }
	out, err := w.run(e, lua, s.base)
	if err != nil {
		s.halt(err)
		return
	}
	t.Outcome, t.Struck = out, w.struck
	for _, c := range p.choices() {
		t.Choices = append(t.Choices, int(c))
	}
	s.mu.Lock()
	if s.finding == nil || len(t.Steps) < len(s.finding.Steps) {
		s.finding = t
	}
	s.mu.Unlock()
	s.halt(nil)
}
