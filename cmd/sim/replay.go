package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

const replayHelp = `sim replay FILE.sched: a recorded schedule once more.

  The exit code says what happened, whatever the file expects. A choice that finds no place any more, or a fault that
  never strikes, is drift and is reported with its line; if the expected violation is gone because of it, and no other
  has come, the exit code is 5.

  sim replay testdata/schedules/token-expiry.sched
  sim replay testdata/schedules/token-expiry.sched --design ledger
      the same scenario, workload and faults under another design; the choices of the scheduler are of the
      processes of the file's design, and are left out
`

// replayed is a schedule that was run again.
type replayed struct {
	file     string
	schedule *scenario.Schedule
	design   inventory.Design
	own      bool // it ran under the design that it was recorded under
	drawn    *picture
	drift    []string
}

func replayCommand(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	fs := newFlags("sim replay")
	design := fs.String("design", "", "another `design` than the file's")
	asJSON := fs.Bool("json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	_, err := parseFlags(fs, args, func() {
		fmt.Fprint(stdout, replayHelp)
		table(stdout, "flags", fs, func(string) bool { return true })
	})
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return usage{errors.New("replay takes one FILE.sched")}
	}
	r, err := loadReplay(fs.Arg(0), *design)
	if err != nil {
		return err
	}
	w := people(*asJSON, stdout, stderr)
	fmt.Fprintln(w, r.headline())
	if err := r.run(ctx); err != nil {
		return err
	}
	r.text(w)
	if *asJSON {
		if err := r.json(stdout); err != nil {
			return err
		}
	}
	return verdict{r.verdict()}
}

// loadReplay is a schedule that is to be run under its design, or the one of that name.
func loadReplay(file, design string) (*replayed, error) {
	s, d, err := loadSchedule(file, design)
	return &replayed{file: file, schedule: s, design: d, own: err == nil && d.Name == s.DesignName()}, err
}

// loadSchedule reads a schedule, whatever it says checked, and finds its design, or the one of that name.
func loadSchedule(file, name string) (*scenario.Schedule, inventory.Design, error) {
	s, err := scenario.LoadSchedule(file)
	if err != nil {
		return nil, inventory.Design{}, err
	}
	d, err := designFor(&s.Scenario, "", false)
	if err != nil {
		return nil, d, err
	}
	for _, o := range s.Others {
		if _, err := findDesign(o.Design); err != nil {
			return nil, d, s.Errorf(o.Line, "%v", err)
		}
	}
	if err := sim.CheckNames(s, d, sim.CoreOptions()); err != nil || name == "" {
		return s, d, err
	}
	d, err = findDesign(name)
	return s, d, err
}

func (r *replayed) headline() string {
	s := r.schedule
	size := explore.Size{Workload: len(s.Workload), Faults: len(s.Scenario.Faults), Deviations: len(s.Deviations)}
	return fmt.Sprintf("seed 0x1  design %s  tier core  schedule %s  scenario %s  %s", r.design.Name, r.file, s.Name, size)
}

func (r *replayed) run(ctx context.Context) error {
	c, chooser, err := sim.ScheduleConfig(r.schedule, r.design, sim.CoreOptions())
	if err != nil {
		return err
	}
	if !r.own {
		c.Chooser = nil
	}
	if r.drawn, err = draw(ctx, c); err != nil {
		return fmt.Errorf("replay %s: %w", r.file, err)
	}
	if r.own {
		r.drawn.about, _ = r.schedule.Expected()
		for _, d := range chooser.Drift() {
			r.drift = append(r.drift, r.unmatched(d))
		}
	}
	missing := r.drawn.outcome.Missing
	for i, m := range missing {
		f := c.Faults[len(c.Faults)-len(missing)+i]
		r.drift = append(r.drift, fmt.Sprintf("%s:%d: fault %s never struck", r.file, f.Line, m))
	}
	return nil
}

func (r *replayed) unmatched(d engine.Deviation) string {
	return fmt.Sprintf("%s:%d: found no place: %s", r.file, d.Line, d)
}

// verdict is what happened. Drift that took the expected violation away, with none in its place, leaves a
// run that shows nothing.
func (r *replayed) verdict() checks.Result {
	if r.gone() {
		return checks.Vacuous
	}
	return r.drawn.result()
}

// gone reports whether drift took the expected violation away, with none in its place.
func (r *replayed) gone() bool {
	got := r.drawn.result()
	_, expects := r.schedule.Expected()
	return r.own && expects && len(r.drift) > 0 && (got == checks.Vacuous || got == checks.Holds)
}

// expected are the guarantees that the file says break, or "holds", under the design that it ran under.
func (r *replayed) expected() []string {
	if r.own {
		return r.schedule.Scenario.Expected()
	}
	for _, o := range r.schedule.Others {
		if o.Design == r.design.Name && o.Holds {
			return []string{"holds"}
		}
	}
	return nil
}

// untold reports whether the run says nothing of what the file expects: under another design faults are passed at other points.
func (r *replayed) untold() bool { return !r.own && r.verdict() == checks.Vacuous }

// met compares with what the file expects, its severity too.
func (r *replayed) met() (met bool, got string) {
	result := r.drawn.outcome.RunResult
	result.Result = r.verdict()
	if !r.own {
		return result.Result == checks.Holds, result.Result.String()
	}
	met, got = r.schedule.Met(result.Result, result.Reports)
	want := r.schedule.Severity
	if b := r.drawn.broken(); met && want > 0 && b.Severity.Unit == checks.Units && b.Severity.Amount != want {
		return false, fmt.Sprintf("%s, severity %d and not %d", got, b.Severity.Amount, want)
	}
	return met, got
}

func (r *replayed) text(w io.Writer) {
	line := r.drawn.verdict()
	if r.gone() {
		line = fmt.Sprintf("%-10s %s no longer happens, and nothing else does: %s", r.verdict(),
			strings.Join(r.expected(), ", "), r.drift[0])
	}
	fmt.Fprintf(w, "\n%s\n", line)
	if want := r.expected(); len(want) > 0 {
		switch met, got := r.met(); {
		case met:
			fmt.Fprintf(w, "%10s as the file expects: %s\n", "", strings.Join(want, ", "))
		case r.untold():
			fmt.Fprintf(w, "%10s the file says that %s holds where all its faults strike; in this run they did not\n", "", r.design.Name)
		default:
			fmt.Fprintf(w, "%10s not as expected: expected %s, got %s\n", "", strings.Join(want, ", "), got)
		}
	}
	for _, d := range r.drift {
		fmt.Fprintf(w, "%10s drift: %s\n", "", d)
	}
	fmt.Fprintln(w)
	r.drawn.draw(w)
	r.drawn.details(w)
	if r.verdict() != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", r.again())
	}
}

func (r *replayed) again() string {
	words := []string{"sim replay", shellWord(r.file)}
	if !r.own {
		words = append(words, "--design", r.design.Name)
	}
	return strings.Join(words, " ")
}

func (r *replayed) json(w io.Writer) error {
	j := coreResult{}
	j.outcome(r.drawn.outcome)
	j.Result, j.Design, j.Scenario, j.Seed = r.verdict(), r.design.Name, r.schedule.Name, "0x1"
	j.ScheduleFile, j.Drift, j.Reproduce = r.file, r.drift, r.again()
	if j.Expected = r.expected(); len(j.Expected) > 0 && !r.untold() {
		met, _ := r.met()
		j.AsExpected = &met
	}
	return j.write(w)
}
