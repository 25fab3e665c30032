package explore

import (
	"fmt"
	"slices"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
)

// landmarks are the points that faults are placed at.
type landmarks struct {
	all    []landmark
	length int // steps of an undisturbed execution
}

// landmark is a point that processes of a role pass, and how often all of them together do.
type landmark struct {
	role, point string
	count       int
}

// survey runs the simulation undisturbed and notes its landmarks.
func survey(base sim.SimulationConfig) (m landmarks, err error) {
	base.Faults = nil
	at := map[landmark]int{} // index in all
	base.Passed = func(_ *sim.Simulation, p engine.Point) {
		name := sim.PointName(&p)
		if name == "" || p.Phase != engine.Request {
			return
		}
		k := landmark{role: p.Actor.Proc.Role, point: name}
		i, ok := at[k]
		if !ok {
			i = len(m.all)
			at[k], m.all = i, append(m.all, k)
		}
		m.all[i].count++
	}
	out, err := sim.Simulate(base)
	if err != nil {
		return m, fmt.Errorf("the run without faults: %w", err)
	}
	m.length = out.Steps
	return m, nil
}

// execution is everything that makes one execution what it is.
type execution struct {
	k       *campaign
	n       int
	faults  []sim.Fault
	chooser func() engine.Chooser
	judges  []checks.LaneJudge                  // who look at it ([sim.SimulationConfig.Judges])
	stepped func(*sim.Simulation, engine.Point) // [sim.SimulationConfig.Stepped]
}

// draw makes execution n of the campaign.
func (k *campaign) draw(n int) execution {
	numbers := func(what string) *random.Rand { return random.Stream(k.Seed, fmt.Sprintf("%d %s", n, what)) }
	x := execution{k: k, n: n, faults: k.base.Faults}
	if len(x.faults) == 0 && k.MaxFaults > 0 {
		x.faults = k.drawFaults(n, numbers("faults").Intn(k.MaxFaults+1))
	}
	style := numbers("style")
	pct := k.Strategy == PCT || k.Strategy == Portfolio && n%4 == 3
	switch {
	case pct:
		changes := style.Intn(4)
		x.chooser = func() engine.Chooser {
			return &engine.PCT{Numbers: numbers("choices"), Length: k.marks.length, Changes: changes}
		}
	default:
		stay := [...]uint64{1, 2, 4, 16, 64}[style.Intn(5)]
		x.chooser = func() engine.Chooser { return &engine.Walk{Numbers: numbers("choices"), Stay: stay} }
	}
	return x
}

// run carries the execution out. wrap may put something before the chooser.
func (x execution) run(e *engine.Engine, lua *luahost.Host, wrap func(engine.Chooser) engine.Chooser) (sim.Outcome, error) {
	c := x.k.base
	c.Faults, c.Lua, c.Seed = x.faults, lua, sim.JitterSeed // a schedule that is found runs alike
	c.Judges, c.Stepped = x.judges, x.stepped
	if c.Chooser = x.chooser(); wrap != nil {
		c.Chooser = wrap(c.Chooser)
	}
	s, err := sim.NewSimulation(e, c)
	if err != nil {
		return sim.Outcome{}, err
	}
	return s.Run()
}

// find runs a violating execution once more and writes it down as a schedule.
func (k *campaign) find(e *engine.Engine, lua *luahost.Host, x execution, g checks.Guarantee) (*Finding, error) {
	rec := &engine.Recorder{}
	out, err := x.run(e, lua, func(c engine.Chooser) engine.Chooser {
		rec.Chooser = c
		return rec
	})
	if err != nil {
		return nil, err
	}
	s := &scenario.Schedule{Scenario: *k.Scenario, Deviations: rec.Deviations}
	s.Design = designEntry(k.Scenario, k.Design.Name)
	s.Prose = nil
	s.Scenario.Faults = nil
	for _, f := range x.faults {
		s.Scenario.Faults = append(s.Scenario.Faults, f.Entry())
	}
	s.Expect = []scenario.Expectation{{Guarantee: g}}
	return &Finding{Execution: x.n, Schedule: s, Outcome: out, Guarantee: g}, nil
}

// designEntry is the scenario's design line for a design.
func designEntry(s *scenario.Scenario, name string) *scenario.Entry {
	e := scenario.Entry{Subject: name}
	if s.Design != nil {
		e.Settings = slices.Clone(s.Design.Settings)
	}
	return &e
}
