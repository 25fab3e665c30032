package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
)

const shrinkHelp = `sim shrink FILE.sched [-o OUT]: the smallest schedule that still breaks the same guarantee, with a certificate: every
entry that is left was taken out in turn, and the run was fine.

  Without -o the schedule is printed. The exit code is 0 if there is one, 5 if the file breaks nothing.
`

func shrinkCommand(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	fs := newFlags("sim shrink")
	to := fs.String("o", "", "`file` to write; default stdout")
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
	file := fs.Arg(0)
	s, d, err := loadSchedule(file, "")
	if err != nil {
		return err
	}
	if err := writable(*to); err != nil {
		return err
	}
	fmt.Fprintln(stdout, (&replayed{file: file, schedule: s, design: d}).headline())
	meter := newMeter(stderr)
	small, err := explore.Shrink(ctx, explore.ShrinkConfig{Schedule: s, Design: d, Options: sim.CoreOptions(), Progress: shrinkMeter(meter)})
	meter.done()
	if errors.Is(err, explore.ErrNoViolation) {
		fmt.Fprintf(stdout, "\n%-10s %s: %v\n\nsim replay %s\n", checks.Vacuous, file, err, shellWord(file))
		return verdict{checks.Vacuous}
	}
	if err != nil {
		return fmt.Errorf("shrink %s: %w", file, err)
	}
	return writeShrunk(ctx, stdout, file, *to, s, &small, d)
}

// writeShrunk prints what became of a schedule, and writes it.
func writeShrunk(ctx context.Context, stdout *output, file, to string, before *sim.Schedule, small *explore.Shrunk, d inventory.Design) error {
	drawn, err := drawSchedule(ctx, small.Schedule, d)
	if err != nil {
		return fmt.Errorf("draw %s: %w", file, err)
	}
	prose := slices.Clone(before.Prose)
	small.Schedule.Name = before.Name
	describe(small.Schedule, drawn, "Shrunk from: "+file)
	small.Schedule.Prose = append(prose, small.Schedule.Prose...)
	fmt.Fprintf(stdout, "\n%s\n", drawn.verdict())
	fmt.Fprintf(stdout, "%10s shrunk from %s to %s in %s; %s\n\n", "", small.Before, small.After, count(small.Runs, "run"),
		certificate(small))
	drawn.draw(stdout)
	if to == "" {
		fmt.Fprintf(stdout, "\n%s", small.Schedule)
		return nil
	}
	if err := writeFile(to, small.Schedule.String()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nsim replay %s\n", shellWord(to))
	return nil
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
