package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

const coreHelp = `sim run --on core: one schedule of the simulator, drawn and judged.

  The same seed gives the same run, down to every step. Faults are those of the scenario.

  sim run --on core --scenario token-expiry --design article
`

// coreRun is one run on the core tier.
type coreRun struct {
	seed     uint64
	scenario *scenario.Scenario
	design   inventory.Design
	drawn    *picture
	elapsed  time.Duration
	given    []string
	seeded   bool
}

// onCore reports whether a command line of sim run asks for the core tier, which has flags of its own.
func onCore(args []string) bool {
	for i, a := range args {
		switch strings.TrimLeft(a, "-") {
		case "on=core":
			return true
		case "on":
			if i+1 < len(args) && args[i+1] == "core" {
				return true
			}
		}
	}
	return false
}

func runCore(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	fs := newFlags("sim run --on core")
	fs.String("on", "core", "the `tier`")
	design := fs.String("design", "ledger", "the `design` to run")
	seed := fs.String("seed", "", "decimal or 0x `number`; default a random one, printed on line 1")
	named := fs.String("scenario", exploreDefault, "`name` or file of a scenario")
	history := fs.String("history", "", historyFlag)
	asJSON := fs.Bool("json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	set, err := parseFlags(fs, args, func() {
		fmt.Fprint(stdout, coreHelp)
		table(stdout, "flags", fs, func(string) bool { return true })
	})
	if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usage{fmt.Errorf("run takes no argument %q", fs.Arg(0))}
	}
	r := &coreRun{given: args, seeded: set["seed"]}
	if r.seed, err = parseSeed(*seed); err != nil {
		return err
	}
	s, d, o, err := coreScenario(*named, *design, set["design"])
	if err != nil {
		return err
	}
	r.scenario, r.design = s, d
	w := people(*asJSON, stdout, stderr)
	c, err := r.config(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "seed 0x%x  design %s  tier core  scenario %s  %s\n", r.seed, d.Name, s.Name, c.Workload.Text)
	if stdout.failed() != nil {
		return errUnwritten
	}
	file, err := createHistory(*history)
	if err != nil {
		return err
	}
	c.History = file.writer()
	began := time.Now()
	r.drawn, err = draw(ctx, c)
	if err := errors.Join(err, file.close()); err != nil {
		return fmt.Errorf("run %s: %w", d.Name, err)
	}
	r.elapsed = time.Since(began)
	r.text(w)
	if *asJSON {
		if err := r.json(stdout); err != nil {
			return err
		}
	}
	return verdict{r.drawn.result()}
}

// config is the simulation of a seed: a random walk that preempts now and then.
func (r *coreRun) config(o scenario.DesignOptions) (c sim.SimulationConfig, err error) {
	c = sim.SimulationConfig{Design: r.design, Options: o, Seed: r.seed,
		Chooser: &engine.Walk{Numbers: random.Stream(r.seed, "choices"), Stay: 4}}
	if c.Workload, err = r.scenario.Build(workload.DefaultParams(), r.seed); err != nil {
		return c, err
	}
	c.Faults, err = sim.CoreFaults(r.scenario, &c.Workload, r.design, o)
	return c, err
}

func (r *coreRun) text(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", r.drawn.verdict())
	if want := r.scenario.Expected(); len(want) > 0 {
		expected := strings.Join(want, ", ")
		if met, got := r.scenario.Met(r.drawn.outcome.RunResult.Result, r.drawn.outcome.RunResult.Reports); met {
			fmt.Fprintf(w, "%10s as the scenario expects: %s\n", "", expected)
		} else {
			fmt.Fprintf(w, "%10s not as expected: expected %s, got %s\n", "", expected, got)
		}
	}
	fmt.Fprintln(w)
	r.drawn.draw(w)
	r.drawn.details(w)
	if r.drawn.result() != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", r.again())
	}
}

func (r *coreRun) again() string {
	words := []string{"sim", "run"}
	for _, a := range r.given {
		words = append(words, shellWord(a))
	}
	if !r.seeded {
		words = append(words, "--seed", fmt.Sprintf("0x%x", r.seed))
	}
	return strings.Join(words, " ")
}

func (r *coreRun) json(w io.Writer) error {
	j := coreResult{}
	j.outcome(r.drawn.outcome)
	j.Result, j.Design, j.Scenario, j.Seed = r.drawn.result(), r.design.Name, r.scenario.Name, fmt.Sprintf("0x%x", r.seed)
	j.ElapsedMS, j.Reproduce = r.elapsed.Milliseconds(), r.again()
	if j.Expected = r.scenario.Expected(); len(j.Expected) > 0 {
		met, _ := r.scenario.Met(r.drawn.outcome.RunResult.Result, r.drawn.outcome.RunResult.Reports)
		j.AsExpected = &met
	}
	return j.write(w)
}
