package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

const shrinkHelp = `sim shrink FILE.sched [-o OUT] [--json]: the smallest schedule that still breaks the same guarantee, with a certificate: every
entry that is left was taken out in turn, and the run was fine.

  Without -o the schedule is printed. The exit code is 0 if there is one, 5 if the file breaks nothing.
`

// shrunk is a schedule that is made small.
type shrunk struct {
	file, to string
	before   *scenario.Schedule
	design   inventory.Design
	small    explore.Shrunk
	drawn    *picture // of what is left; nil: the file breaks nothing
	elapsed  time.Duration
	people   io.Writer
}

func shrinkCommand(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	fs := newFlags("sim shrink")
	to := fs.String("o", "", "`file` to write; default stdout")
	asJSON := fs.Bool("json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	_, err := parseFlags(fs, args, func() {
		fmt.Fprint(stdout, shrinkHelp)
		table(stdout, "flags", fs, func(string) bool { return true })
	})
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return usage{errors.New("shrink takes one FILE.sched")}
	}
	x := &shrunk{file: fs.Arg(0), to: *to, people: people(*asJSON, stdout, stderr)}
	if x.before, x.design, err = loadSchedule(x.file, ""); err != nil {
		return err
	}
	if err := writable(*to); err != nil {
		return err
	}
	fmt.Fprintln(x.people, (&replayed{file: x.file, schedule: x.before, design: x.design}).headline())
	why, err := x.shrink(ctx, newMeter(stderr))
	if err != nil {
		return fmt.Errorf("shrink %s: %w", x.file, err)
	}
	if why != nil {
		fmt.Fprintf(x.people, "\n%-10s %s: %v\n\n%s\n", checks.Vacuous, x.file, why, x.again())
	} else if err := x.write(); err != nil {
		return err
	}
	if *asJSON {
		if err := x.json(stdout); err != nil {
			return err
		}
	}
	if why != nil {
		return verdict{checks.Vacuous}
	}
	return nil
}

// shrink makes the schedule small and draws it. why: the file breaks nothing.
func (x *shrunk) shrink(ctx context.Context, meter *meter) (why, err error) {
	began := time.Now()
	x.small, err = explore.Shrink(ctx, explore.ShrinkConfig{Schedule: x.before, Design: x.design, Options: sim.CoreOptions(),
		Progress: shrinkMeter(meter)})
	meter.done()
	if x.elapsed = time.Since(began); errors.Is(err, explore.ErrNoViolation) {
		return err, nil
	} else if err != nil {
		return nil, err
	}
	if x.drawn, err = drawSchedule(ctx, x.small.Schedule, x.design); err != nil {
		return nil, fmt.Errorf("draw it: %w", err)
	}
	prose := slices.Clone(x.before.Prose)
	x.small.Schedule.Name = x.before.Name
	describe(x.small.Schedule, x.drawn, "Shrunk from: "+x.file)
	x.small.Schedule.Prose = append(prose, x.small.Schedule.Prose...)
	return nil, nil
}

// write says what became of the schedule, and writes it.
func (x *shrunk) write() error {
	fmt.Fprintf(x.people, "\n%s\n", x.drawn.verdict())
	fmt.Fprintf(x.people, "%10s shrunk from %s to %s in %s; %s\n\n", "", x.small.Before, x.small.After, count(x.small.Runs, "run"),
		certificate(&x.small))
	x.drawn.draw(x.people)
	if x.to == "" {
		fmt.Fprintf(x.people, "\n%s", x.small.Schedule)
		return nil
	}
	if err := writeFile(x.to, x.small.Schedule.String()); err != nil {
		return err
	}
	fmt.Fprintf(x.people, "\n%s\n", x.again())
	return nil
}

// again is the command that runs what there is now.
func (x *shrunk) again() string {
	if x.drawn == nil || x.to == "" {
		return "sim replay " + shellWord(x.file)
	}
	return "sim replay " + shellWord(x.to)
}

func (x *shrunk) json(w io.Writer) error {
	j := coreResult{}
	result := checks.Vacuous
	if x.drawn != nil {
		result = x.drawn.result()
		j.outcome(x.drawn.outcome)
		j.Schedule, j.ScheduleFile, j.Shrink = x.small.Schedule.String(), x.to, shrinkJSON(&x.small)
		j.Expected = x.small.Schedule.Scenario.Expected()
	}
	j.Result, j.Design, j.Scenario, j.Seed = result, x.design.Name, x.before.Name, "0x1"
	j.ElapsedMS, j.Reproduce = x.elapsed.Milliseconds(), x.again()
	return j.write(w)
}

// writable refuses a file that cannot be written before hours are spent on what is to stand in it. "" is none.
func writable(path string) error {
	if path == "" {
		return nil
	}
	_, absent := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return usage{fmt.Errorf("-o: %w", err)}
	}
	f.Close() // nothing was written
	if absent != nil {
		return os.Remove(path)
	}
	return nil
}

// writeFile writes a file that the command line named: if it cannot be written, the name is wrong.
func writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return usage{fmt.Errorf("-o: %w", err)}
	}
	return nil
}
